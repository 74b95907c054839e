import "@mantine/charts/styles.css";

import { BarChart } from "@mantine/charts";
import { Text } from "@mantine/core";
import type { Tool } from "../../api/types";
import { duration } from "../../parts/formats";
import { titleOf } from "./tools";

const MOST = 12;
const ROW = 44;

/** The slowest tools by their 95th percentile. */
export default function LatencyChart({ tools }: { tools: readonly Tool[] }) {
  const timed = tools.filter((tool) => tool.p95_ms !== null);
  const slowest = timed.sort((one, other) => (other.p95_ms ?? 0) - (one.p95_ms ?? 0)).slice(0, MOST);
  if (slowest.length === 0) return <Text c="dimmed">No call was answered yet.</Text>;
  return (
    <div role="img" aria-label="Latency by tool, median and 95th percentile; the table below has the figures">
      <BarChart
        h={ROW * slowest.length + 80}
        orientation="vertical"
        data={slowest.map((tool) => ({ tool: titleOf(tool), p50: tool.p50_ms, p95: tool.p95_ms }))}
        dataKey="tool"
        series={[
          { name: "p50", label: "median", color: "indigo.6" },
          { name: "p95", label: "95th percentile", color: "orange.5" },
        ]}
        withLegend
        legendProps={{ verticalAlign: "bottom" }}
        yAxisProps={{ width: 130 }}
        valueFormatter={duration}
        barProps={{ isAnimationActive: false }}
        barChartProps={{ accessibilityLayer: false }}
        maxBarWidth={16}
      />
    </div>
  );
}
