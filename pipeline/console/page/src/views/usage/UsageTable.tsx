import { Button, CopyButton, Group, Text } from "@mantine/core";
import type { Usage, UsageRow } from "../../api/types";
import { count, plural } from "../../parts/formats";
import { type Column, SortableTable } from "../../parts/SortableTable";
import { csv } from "./csv";
import { type Count, costs, costText, DIMENSIONS, type Dimension, sum, UNTOLD } from "./figures";

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
    value: (row) => row.priced_cost,
    cell: (row) => costText([row], usage.currency),
  };
  return [...named, ...counts, ...(usage.priced ? [cost] : [])];
}

/** The figures by what was chosen, with their sum; all of it as CSV. */
export function UsageTable({ usage, by }: { usage: Usage; by: readonly Dimension[] }) {
  const shown = columns(by, usage);
  const text = csv(
    shown.map((column) => column.key),
    // A program that adds up the cells must not take what lacks a price for all of it.
    usage.rows.map((row) => shown.map((column) => (column.key === "cost" ? row.cost : column.value(row)))),
  );
  const sums = shown.map((column, index) => {
    if (index === 0) return "Together";
    if (!column.numeric) return null;
    if (column.key === "cost") return <Together usage={usage} />;
    return count(sum(usage.rows, column.key as Count));
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

/** What all rows cost, and how many of them cost more than is told. */
function Together({ usage }: { usage: Usage }) {
  const { lacking } = costs(usage.rows);
  return (
    <>
      {costText(usage.rows, usage.currency)}
      {lacking > 0 && (
        <Text component="span" display="block" fz="xs" c="dimmed">
          {lacking} of {plural(usage.rows.length, "row")} lack a price
        </Text>
      )}
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
