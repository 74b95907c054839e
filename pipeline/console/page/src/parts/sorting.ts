export type Cell = string | number | null;

export interface Order {
  key: string;
  down: boolean;
}

/** The rows by a value, what has none last either way; equal rows stay in their order. */
export function sorted<Row>(rows: readonly Row[], value: (row: Row) => Cell, down: boolean): Row[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return (
      sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)))
    );
  });
}
