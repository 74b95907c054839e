import { Text } from "@mantine/core";
import { useMemo } from "react";
import type { ToolStep } from "../../api/types";
import { StackedBars } from "../../charts/StackedBars";
import { stack } from "../../charts/stacks";
import { span, stepTime } from "../../charts/ticks";
import { count } from "../../parts/formats";
import { titleOf } from "./tools";

interface Props {
  steps: readonly ToolStep[];
  stepSeconds: number;
  figure: "calls" | "failed";
}

const TITLES = { calls: "Calls by tool over time", failed: "Failed calls by tool over time" };

export default function CallsChart({ steps, stepSeconds, figure }: Props) {
  const layers = useMemo(
    () =>
      stack(
        steps.filter((step) => step[figure] > 0),
        (step) => step.at,
        titleOf,
        (step) => step[figure],
      ),
    [steps, figure],
  );
  if (layers.points.length === 0) return <Text c="dimmed">No call failed.</Text>;
  const seconds = span(steps.map((step) => step.at));
  return (
    <StackedBars
      label={TITLES[figure]}
      stack={layers}
      tick={(at) => stepTime(at, stepSeconds, seconds)}
      format={count}
    />
  );
}
