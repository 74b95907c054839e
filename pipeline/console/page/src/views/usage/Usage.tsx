import { Chip, Group, Select, Stack, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { get } from "../../api/client";
import type { Usage as Answer } from "../../api/types";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { Loading } from "../../parts/Loading";
import { type Scope, ScopeFilters, scopeQuery } from "../../parts/ScopeFilters";
import { View } from "../../parts/View";
import { DIMENSIONS, type Dimension, dimensions, FIGURES, type Figure } from "./figures";
import { Prices } from "./Prices";
import { usageRoute } from "./route";
import { Unpriced } from "./Unpriced";
import { UsageTable } from "./UsageTable";

const UsageChart = lazy(() => import("./UsageChart"));

/** What is used, and what it costs, by day, tenant and model. */
export function Usage() {
  const search = usageRoute.useSearch();
  const navigate = usageRoute.useNavigate();
  const set = (changed: Partial<typeof search>) =>
    navigate({ search: { ...search, ...changed }, replace: true });
  const layers = search.stack === "model" ? "model" : "tenant";
  const by = dimensions(search.by, ["day", "tenant", "model"]);
  const chart = useUsage(search, ["day", layers]);
  const table = useUsage(search, by);
  const error = chart.error ?? table.error;
  const priced = chart.data?.priced ?? false;
  const figure = FIGURES.find(({ value }) => value === search.figure && (priced || value !== "cost"))?.value;
  return (
    <View title="Usage">
      <Group gap="xs" role="search" aria-label="Filters">
        <ScopeFilters scope={search} change={set} />
      </Group>
      {error ? (
        <Failure error={error} retry={() => Promise.all([chart.refetch(), table.refetch()])} />
      ) : !chart.data || !table.data ? (
        <Loading />
      ) : chart.data.rows.length === 0 ? (
        <Empty title="No response was counted">
          Tokens are told by responses: each one that ends within these filters counts here.
        </Empty>
      ) : (
        <Stack gap="lg">
          {!priced && <Prices />}
          <Unpriced usage={chart.data} />
          <Group align="end">
            <Select
              label="Figure"
              allowDeselect={false}
              data={figures(chart.data)}
              value={figure ?? (priced ? "cost" : "total_tokens")}
              onChange={(value) => set({ figure: value ?? undefined })}
            />
            <Select
              label="Layers"
              allowDeselect={false}
              data={DIMENSIONS.filter(({ value }) => value !== "day")}
              value={layers}
              onChange={(value) => set({ stack: value ?? undefined })}
            />
          </Group>
          <Suspense fallback={<Loading rows={1} height={280} />}>
            <UsageChart
              usage={chart.data}
              figure={figure ?? ((priced ? "cost" : "total_tokens") satisfies Figure)}
              layers={layers}
            />
          </Suspense>
          <By by={by} onChange={(chosen) => set({ by: chosen.join(",") || undefined })} />
          <UsageTable usage={table.data} by={by} />
        </Stack>
      )}
    </View>
  );
}

/** What can be shown: costs where there are prices, and in which currency. */
function figures({ priced, currency }: Answer) {
  return FIGURES.filter(({ value }) => priced || value !== "cost").map(({ value, label }) => ({
    value,
    label: value === "cost" && currency ? `${label} (${currency})` : label,
  }));
}

function useUsage(scope: Scope, by: readonly Dimension[]) {
  const query = { ...scopeQuery(scope), by };
  return useQuery({
    queryKey: ["usage", query],
    queryFn: ({ signal }) => get<Answer>("/api/usage", query, signal),
    placeholderData: keepPreviousData,
  });
}

/** The rows of the table: by one or several of these. */
function By({ by, onChange }: { by: readonly Dimension[]; onChange: (chosen: string[]) => void }) {
  return (
    <Group gap="xs" role="group" aria-label="A row of the table for each">
      <Text size="sm" fw={500}>
        A row for each
      </Text>
      <Chip.Group multiple value={[...by]} onChange={onChange}>
        {DIMENSIONS.map(({ value, label }) => (
          <Chip key={value} value={value} size="sm">
            {label}
          </Chip>
        ))}
      </Chip.Group>
    </Group>
  );
}
