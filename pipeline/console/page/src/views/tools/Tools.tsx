import { Anchor, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { get } from "../../api/client";
import type { Tools as Answer } from "../../api/types";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { plural } from "../../parts/formats";
import { Loading } from "../../parts/Loading";
import { ScopeFilters, scopeQuery } from "../../parts/ScopeFilters";
import { View } from "../../parts/View";
import { toolsRoute } from "./route";
import { ToolsTable } from "./ToolsTable";

const CallsChart = lazy(() => import("./CallsChart"));
const LatencyChart = lazy(() => import("./LatencyChart"));

const CHARTS = [
  { value: "calls", label: "Calls" },
  { value: "failed", label: "Failures" },
  { value: "latency", label: "Latency" },
] as const;
export type Chart = (typeof CHARTS)[number]["value"];

/** Which tools are called, how often they fail and how long they take. */
export function Tools() {
  const filters = toolsRoute.useSearch();
  const navigate = toolsRoute.useNavigate();
  const answer = useQuery({
    queryKey: ["tools", filters],
    queryFn: ({ signal }) => get<Answer>("/api/tools", scopeQuery(filters), signal),
    placeholderData: keepPreviousData,
  });
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <View title="Tools">
      <Group gap="xs" role="search" aria-label="Filters">
        <ScopeFilters
          scope={filters}
          change={(patch) => navigate({ search: { ...filters, ...patch }, replace: true })}
        />
      </Group>
      {answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : !answer.data ? (
        <Loading />
      ) : answer.data.tools.length === 0 ? (
        <Empty
          title="No tool was called"
          action={
            isFiltered && (
              <Anchor component="button" type="button" onClick={() => navigate({ search: {} })}>
                Take the filters away
              </Anchor>
            )
          }
        >
          {isFiltered
            ? "None that these filters leave."
            : "Function calls and MCP calls are counted here as soon as a session makes one."}
        </Empty>
      ) : (
        <Content answer={answer.data} filters={filters} />
      )}
    </View>
  );
}

type Filters = ReturnType<typeof toolsRoute.useSearch>;

function Content({ answer, filters }: { answer: Answer; filters: Filters }) {
  const [chart, setChart] = useState<Chart>("calls");
  const calls = answer.tools.reduce((sum, tool) => sum + tool.calls, 0);
  const failed = answer.tools.reduce((sum, tool) => sum + tool.failed, 0);
  return (
    <Stack gap="lg">
      <Group justify="space-between">
        <Text>
          {plural(calls, "call")} of {plural(answer.tools.length, "tool")}, {plural(failed, "failure")}
        </Text>
        <SegmentedControl
          aria-label="What the chart shows"
          value={chart}
          onChange={(value) => setChart(value as Chart)}
          data={[...CHARTS]}
        />
      </Group>
      <Suspense fallback={<Loading rows={1} height={280} />}>
        {chart === "latency" ? (
          <LatencyChart tools={answer.tools} />
        ) : (
          <CallsChart steps={answer.series} stepSeconds={answer.step_seconds} figure={chart} />
        )}
      </Suspense>
      <ToolsTable tools={answer.tools} filters={filters} />
    </Stack>
  );
}
