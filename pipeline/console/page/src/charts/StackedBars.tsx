import "@mantine/charts/styles.css";

import { BarChart } from "@mantine/charts";
import { colour } from "./colours";
import { key, type Stack } from "./stacks";

interface Props {
  label: string;
  stack: Stack;
  /** How a point is named under the chart. */
  tick: (at: string) => string;
  format: (value: number) => string;
  /** Beside the axis, where that is another. */
  axisFormat?: (value: number) => string;
}

/** Layers over steps of time. The table beside it has the same figures: for a screen reader this is one picture. */
export function StackedBars({ label, stack, tick, format, axisFormat = format }: Props) {
  return (
    <div role="img" aria-label={`${label}; the table below has the figures`}>
      <BarChart
        h={280}
        type="stacked"
        data={stack.points}
        dataKey="at"
        series={stack.names.map((name, index) => ({ name: key(name), label: name, color: colour(index) }))}
        withLegend
        legendProps={{ verticalAlign: "bottom" }}
        xAxisProps={{ tickFormatter: tick, minTickGap: 24 }}
        yAxisProps={{ width: 64, tickFormatter: axisFormat }}
        valueFormatter={format}
        tooltipProps={{ labelFormatter: (at) => tick(String(at)) }}
        barProps={{ isAnimationActive: false }}
        barChartProps={{ accessibilityLayer: false }}
        maxBarWidth={36}
      />
    </div>
  );
}
