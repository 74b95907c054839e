import { Button, CopyButton, Group } from "@mantine/core";
import type { Usage, UsageRow } from "../../api/types";
import { count } from "../../parts/formats";
import { type Column, SortableTable } from "../../parts/SortableTable";
import { csv } from "./csv";
import { DIMENSIONS, type Dimension, money, sum, UNTOLD } from "./figures";

const COUNTS = [
  ["responses", "Responses"],
  ["input_tokens", "In"],
  ["cached_tokens", "Cached"],
  ["output_tokens", "Out"],
  ["input_audio_tokens", "Audio in"],
  ["output_audio_tokens", "Audio out"],
  ["total_tokens", "All tokens"],
] as const;

function columns(by: readonly Dimension[], usage: Usage): Column<UsageRow>[] {
  const named = DIMENSIONS.filter(({ value }) => by.includes(value)).map(
    ({ value, label }, index): Column<UsageRow> => ({
      key: value,
      title: label,
      header: index === 0,
      value: (row) => row[value] ?? UNTOLD,
    }),
  );
  const counts = COUNTS.map(
    ([key, title]): Column<UsageRow> => ({
      key,
      title,
      numeric: true,
      value: (row) => row[key],
      cell: (row) => count(row[key]),
    }),
  );
  const cost: Column<UsageRow> = {
    key: "cost",
    title: "Cost",
    numeric: true,
    value: (row) => row.cost,
    cell: (row) => money(row.cost, usage.currency),
  };
  return [...named, ...counts, ...(usage.priced ? [cost] : [])];
}

/** The figures by what was chosen, with their sum; all of it as CSV. */
export function UsageTable({ usage, by }: { usage: Usage; by: readonly Dimension[] }) {
  const shown = columns(by, usage);
  const text = csv(
    shown.map((column) => column.key),
    usage.rows.map((row) => shown.map((column) => column.value(row))),
  );
  const sums = shown.map((column, index) => {
    if (index === 0) return "Together";
    if (!column.numeric) return null;
    const total = sum(usage.rows, column.key as "responses");
    return column.key === "cost" ? money(total, usage.currency) : count(total ?? 0);
  });
  return (
    <>
      <Group justify="flex-end" gap="xs">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy as CSV"}
            </Button>
          )}
        </CopyButton>
        <Button size="xs" variant="default" onClick={() => save(text, `usage-by-${by.join("-")}.csv`)}>
          Save as CSV
        </Button>
      </Group>
      <SortableTable
        key={by.join()}
        caption={`Usage by ${by.join(", ")}`}
        columns={shown}
        rows={usage.rows}
        rowKey={(row) => `${row.day} ${row.tenant} ${row.model}`}
        order={{ key: by[0] ?? "day", down: by[0] === "day" }}
        foot={sums}
      />
    </>
  );
}

function save(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
