import { Badge, Group, List, SimpleGrid, Stack, Tabs, Text, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { get } from "../../api/client";
import { useStream } from "../../api/stream";
import type { Pipeline as State } from "../../api/types";
import { Failure } from "../../parts/Failure";
import { Figure } from "../../parts/Figure";
import { count, duration, plural, time } from "../../parts/formats";
import { LiveBadge } from "../../parts/LiveBadge";
import { Loading } from "../../parts/Loading";
import { Notice } from "../../parts/Notice";
import { View } from "../../parts/View";
import { rate, totals } from "./figures";
import { Partitions } from "./Partitions";
import { Connections, Topology } from "./Topology";
import { Workers } from "./Workers";

const KEY = ["pipeline"];

/** How records flow now: topics, workers and groups, rates, lag, and whether all is well. */
export function Pipeline() {
  const client = useQueryClient();
  const state = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => get<State>("/api/pipeline", {}, signal),
  });
  useStream("pipeline", (told) => client.setQueryData(KEY, told), {
    missed: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <View title="Pipeline" aside={<LiveBadge />}>
      {state.data ? (
        <Content state={state.data} />
      ) : state.error ? (
        <Failure error={state.error} retry={() => state.refetch()} />
      ) : (
        <Loading />
      )}
    </View>
  );
}

function Content({ state }: { state: State }) {
  const { lag, oldest, read, written } = totals(state);
  const { behind_seconds: behind } = state.projection;
  return (
    <Stack gap="lg">
      <Health state={state} />
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }}>
        <Figure title="Events read" value={rate(read)} />
        <Figure title="Records written" value={rate(written)} />
        <Figure title="Events that wait" value={count(lag)} />
        <Figure title="The oldest waits for" value={oldest === null ? "–" : duration(oldest * 1000)} />
        <Figure title="This page is behind by" value={behind === null ? "–" : duration(behind * 1000)} />
      </SimpleGrid>
      <section aria-labelledby="topology">
        <Title order={2} size="h4" id="topology" mb="xs">
          Topology
        </Title>
        <Topology nodes={state.nodes} edges={state.edges} lag={lags(state)} />
        {state.more_groups > 0 && (
          <Text fz="sm" c="dimmed">
            These topics have {plural(state.more_groups, "more group")} of readers.
          </Text>
        )}
      </section>
      <Tabs defaultValue="partitions" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="partitions">Partitions</Tabs.Tab>
          <Tabs.Tab value="workers">Workers</Tabs.Tab>
          <Tabs.Tab value="connections">Connections</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="partitions" pt="sm">
          <Partitions partitions={state.partitions} workers={state.workers} />
        </Tabs.Panel>
        <Tabs.Panel value="workers" pt="sm">
          <Workers workers={state.workers} />
        </Tabs.Panel>
        <Tabs.Panel value="connections" pt="sm">
          <Connections nodes={state.nodes} edges={state.edges} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

const HEALTH = {
  ok: { colour: "teal", title: "All is well" },
  degraded: { colour: "yellow", title: "Something needs a look" },
  down: { colour: "red", title: "The pipeline stands still" },
} as const;

function Health({ state }: { state: State }) {
  const { colour, title } = HEALTH[state.status];
  if (state.problems.length === 0) {
    return (
      <Group gap="xs" role="status" data-health={state.status}>
        <Badge color={colour} variant="dot" size="lg" tt="none">
          {title}
        </Badge>
        <Text fz="sm" c="dimmed">
          as of {time(state.at)}
        </Text>
      </Group>
    );
  }
  return (
    <Notice colour={colour} title={title} health={state.status}>
      <List fz="sm">
        {state.problems.map((problem) => (
          <List.Item key={problem}>{problem}</List.Item>
        ))}
      </List>
    </Notice>
  );
}

/** What waits at the worker; other readers' lag is not asked for. */
function lags(state: State): Map<string, number> {
  const worker = state.nodes.find((node) => node.kind === "worker");
  return new Map(worker ? [[worker.id, totals(state).lag]] : []);
}
