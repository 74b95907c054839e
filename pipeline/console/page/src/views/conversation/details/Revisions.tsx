import { Button, Group, Stack, Table, Text } from "@mantine/core";
import IconChevronLeft from "@tabler/icons-react/icons/IconChevronLeft";
import IconChevronRight from "@tabler/icons-react/icons/IconChevronRight";
import { useQuery } from "@tanstack/react-query";
import { diffWordsWithSpace } from "diff";
import { useState } from "react";
import type { Entry, Revision } from "../../../api/types";
import { Code } from "../../../parts/Code";
import { Failure } from "../../../parts/Failure";
import { Loading } from "../../../parts/Loading";
import { Moment } from "../../../parts/Moment";
import { revisionsQuery } from "../queries";
import { type Change, changes } from "./changes";
import classes from "./Revisions.module.css";

const CAUSES: Record<string, string> = {
  item_done: "the item was finished",
  output_item_done: "the item was finished in its response",
  response_done: "the response was finished",
  transcription: "a transcript came",
  truncated: "it was cut where the user interrupted",
  deleted: "it was deleted",
  joined: "something that was told apart from it came",
  session_idle: "the session went quiet",
  item_retrieved: "the client asked for it",
  replayed: "a replay wrote it anew",
};

/** An item's revisions, one at a time, with what each changed. */
export function Revisions({ sessionId, entry }: { sessionId: string; entry: Entry }) {
  const { data, error, refetch } = useQuery(revisionsQuery(sessionId, entry.id, entry.revisions));
  const [at, setAt] = useState<number | undefined>(undefined);
  if (error) return <Failure error={error} retry={refetch} />;
  if (data === undefined) return <Loading rows={2} height={120} />;
  const { revisions } = data;
  const index = Math.min(at ?? revisions.length - 1, revisions.length - 1);
  const now = revisions[index];
  if (now === undefined) return <Text c="dimmed">No revision is kept.</Text>;
  const before = revisions[index - 1];
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Button
          variant="default"
          size="xs"
          leftSection={<IconChevronLeft size={14} aria-hidden />}
          disabled={index === 0}
          onClick={() => setAt(index - 1)}
        >
          Before
        </Button>
        <Text size="sm" fw={600} role="status">
          Revision {index + 1} of {revisions.length}
        </Text>
        <Button
          variant="default"
          size="xs"
          rightSection={<IconChevronRight size={14} aria-hidden />}
          disabled={index === revisions.length - 1}
          onClick={() => setAt(index + 1)}
        >
          After
        </Button>
      </Group>
      <Cause revision={now} />
      {before ? (
        <Changed changes={changes(before.record, now.record)} />
      ) : (
        <Text size="sm">The first revision.</Text>
      )}
      <Code value={now.record} label={`revision ${index + 1}`} lines={40} />
    </Stack>
  );
}

function Cause({ revision }: { revision: Revision }) {
  const { cause, source } = revision.record as { cause?: string; source?: { received_at: string | null } };
  return (
    <Group gap="xs">
      <Text size="sm">Made because {CAUSES[cause ?? ""] ?? cause ?? "its response was done"}.</Text>
      <Moment at={source?.received_at ?? null} />
    </Group>
  );
}

function Changed({ changes }: { changes: Change[] }) {
  if (changes.length === 0) return <Text size="sm">No content changed.</Text>;
  return (
    <Table layout="fixed" withTableBorder aria-label="What this revision changed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w="32%">Field</Table.Th>
          <Table.Th>What changed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changes.map((change) => (
          <Table.Tr key={change.path}>
            <Table.Td className={classes.path}>{change.path}</Table.Td>
            <Table.Td className={classes.value}>
              <Difference change={change} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Words of a text that came and went; other values as before and after. */
function Difference({ change: { before, after } }: { change: Change }) {
  if (typeof before === "string" && typeof after === "string" && before.includes(" ")) {
    return diffWordsWithSpace(before, after).map((part, index) => {
      const key = `${index}:${part.value}`;
      if (part.added) return <ins key={key}>{part.value}</ins>;
      return part.removed ? <del key={key}>{part.value}</del> : <span key={key}>{part.value}</span>;
    });
  }
  return (
    <>
      <del>{told(before)}</del> → <ins>{told(after)}</ins>
    </>
  );
}

const told = (value: unknown): string => (value === undefined ? "absent" : String(value));
