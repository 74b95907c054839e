import { Accordion, Badge, Button, Group, List, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "../../api/client";
import type { Differences, Job, Difference as One } from "../../api/types";
import { Failure } from "../../parts/Failure";
import { Figure } from "../../parts/Figure";
import { count, plural } from "../../parts/formats";
import { Loading } from "../../parts/Loading";
import { RouteLink } from "../../parts/RouteLink";
import { type Column, SortableTable } from "../../parts/SortableTable";
import { Change } from "./Change";
import { ENDED } from "./jobs";

const PAGE = 50;

/** What a replay would change: how much of what, which fields, and each record with both of its sides. */
export function Difference({ job }: { job: Job }) {
  const answer = useQuery({
    queryKey: ["replay", job.id, "difference", job.state],
    queryFn: ({ signal }) =>
      get<Differences>(`/api/replays/${encodeURIComponent(job.id)}/difference`, {}, signal),
    enabled: job.state === "done",
  });
  if (!ENDED.has(job.state))
    return <Text c="dimmed">The difference is shown when all of it is compared.</Text>;
  if (job.state !== "done") return null;
  if (answer.error) return <Failure error={answer.error} retry={() => answer.refetch()} />;
  if (!answer.data) return <Loading />;
  return <Content found={answer.data} />;
}

const FIELDS: Column<[string, number]>[] = [
  { key: "path", title: "Field", header: true, value: ([path]) => path },
  {
    key: "many",
    title: "In so many records",
    numeric: true,
    value: ([, many]) => many,
    cell: ([, many]) => count(many),
  },
];

function Content({ found }: { found: Differences }) {
  const { summary } = found;
  if (summary === null) return null;
  const same = summary.added + summary.changed + summary.gone === 0;
  return (
    <Stack gap="lg">
      <section aria-labelledby="difference">
        <Title order={2} size="h4" id="difference" mb="xs">
          {same ? "There is no difference" : "The difference"}
        </Title>
        <Text fz="sm" c="dimmed" mb="sm">
          {count(summary.events)} events give {count(summary.records)} records now. Items, responses and
          rejected records are held against the latest that the topics hold.
        </Text>
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          <Figure title="Would come new" value={count(summary.added)} />
          <Figure title="Would change" value={count(summary.changed)} />
          <Figure title="Would not come" value={count(summary.gone)} />
          <Figure title="Same" value={count(summary.same)} />
        </SimpleGrid>
      </section>
      <Notes found={found} />
      {Object.keys(summary.fields).length > 0 && (
        <SortableTable
          caption="Fields that would change"
          columns={FIELDS}
          rows={Object.entries(summary.fields)}
          rowKey={([path]) => path}
          order={{ key: "many", down: true }}
        />
      )}
      <Records differences={found.differences} />
    </Stack>
  );
}

function Notes({ found }: { found: Differences }) {
  const left = Object.entries(found.summary?.not_compared ?? {});
  const notes = [
    ...left.map(([why, many]) => `Not compared: ${count(many)} ${why}`),
    ...found.notes,
    ...(found.complete ? [] : ["There are more differences than are kept; the counts are of all of them."]),
  ];
  if (notes.length === 0) return null;
  return (
    <List fz="sm">
      {notes.map((note) => (
        <List.Item key={note}>{note}</List.Item>
      ))}
    </List>
  );
}

const VERDICTS: Record<One["verdict"], { title: string; colour: string }> = {
  added: { title: "would come new", colour: "teal" },
  changed: { title: "would change", colour: "yellow" },
  gone: { title: "would not come", colour: "red" },
};

function Records({ differences }: { differences: readonly One[] }) {
  const [shown, setShown] = useState(PAGE);
  if (differences.length === 0) return null;
  return (
    <section aria-labelledby="records">
      <Title order={2} size="h4" id="records" mb="xs">
        {plural(differences.length, "record")}
      </Title>
      <Accordion variant="separated" chevronPosition="left">
        {differences.slice(0, shown).map((one) => (
          <Accordion.Item
            key={`${one.topic} ${one.session_id} ${one.id}`}
            value={`${one.topic} ${one.session_id} ${one.id}`}
          >
            <Accordion.Control>
              <Group gap="sm">
                <Badge variant="dot" tt="none" color={VERDICTS[one.verdict].colour}>
                  {VERDICTS[one.verdict].title}
                </Badge>
                <Text fz="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
                  {one.id}
                </Text>
                <Text fz="sm" c="dimmed">
                  {one.topic}
                </Text>
                {one.fields.length > 0 && (
                  <Text fz="sm" c="dimmed">
                    {plural(one.fields.length, "field")}
                  </Text>
                )}
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Stack gap="sm">
                {one.session_id && one.verdict !== "added" && (
                  <RouteLink
                    to="/sessions/$sessionId"
                    params={{ sessionId: one.session_id }}
                    search={{ item: one.id }}
                    fz="sm"
                  >
                    In its conversation
                  </RouteLink>
                )}
                {one.verdict === "added" && <Text fz="sm">It is on no topic yet.</Text>}
                {one.fields.map((change) => (
                  <Change key={change.path} change={change} />
                ))}
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
      {differences.length > shown && (
        <Button mt="sm" variant="default" onClick={() => setShown(shown + PAGE)}>
          Show more
        </Button>
      )}
    </section>
  );
}
