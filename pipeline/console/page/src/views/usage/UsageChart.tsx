import { useMemo } from "react";
import type { Usage, UsageRow } from "../../api/types";
import { StackedBars } from "../../charts/StackedBars";
import { stack } from "../../charts/stacks";
import { dayName } from "../../charts/ticks";
import { count, short } from "../../parts/formats";
import { FIGURES, type Figure, money, UNTOLD } from "./figures";

interface Props {
  usage: Usage;
  figure: Figure;
  layers: "tenant" | "model";
}

const amount = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 4 });

export default function UsageChart({ usage, figure, layers }: Props) {
  const stacked = useMemo(() => {
    const name = (row: UsageRow) => row[layers] ?? UNTOLD;
    const lacking = new Set(usage.rows.filter((row) => row.unpriced_responses > 0).map(name));
    return stack(
      usage.rows.filter((row) => row.day !== null),
      (row) => row.day ?? "",
      (row) => (figure === "cost" && lacking.has(name(row)) ? `≥ ${name(row)}` : name(row)),
      (row) => (figure === "cost" ? row.priced_cost : row[figure]) ?? 0,
    );
  }, [usage, figure, layers]);
  const title = FIGURES.find(({ value }) => value === figure)?.label;
  return (
    <StackedBars
      label={`${title} by day and ${layers}`}
      stack={stacked}
      tick={dayName}
      format={(value) => (figure === "cost" ? money(value, usage.currency) : count(value))}
      axisFormat={figure === "cost" ? amount : short}
    />
  );
}
