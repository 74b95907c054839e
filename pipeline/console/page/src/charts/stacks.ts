export interface Stack {
  /** Names of the layers, the largest first. */
  names: string[];
  /** One point a step: its label, and the height of each layer. */
  points: Record<string, string | number>[];
}

export const OTHERS = "others";

/** Rows stacked by name over `at`; beyond `most` names the smallest are one layer. Names stand behind `name:`, so that none can be taken for `at`. */
export function stack<Row>(
  rows: readonly Row[],
  at: (row: Row) => string,
  name: (row: Row) => string,
  height: (row: Row) => number,
  most = 8,
): Stack {
  const totals = new Map<string, number>();
  for (const row of rows) totals.set(name(row), (totals.get(name(row)) ?? 0) + height(row));
  const largest = [...totals].sort((one, other) => other[1] - one[1]).map(([layer]) => layer);
  const kept = largest.length <= most ? largest : largest.slice(0, most - 1);
  const names = kept.length === largest.length ? kept : [...kept, OTHERS];
  const shown = new Set(kept);
  const points = new Map<string, Record<string, string | number>>();
  for (const row of rows) {
    const point = points.get(at(row)) ?? {
      at: at(row),
      ...Object.fromEntries(names.map((layer) => [key(layer), 0])),
    };
    const layer = key(shown.has(name(row)) ? name(row) : OTHERS);
    point[layer] = Number(point[layer]) + height(row);
    points.set(at(row), point);
  }
  return {
    names,
    points: [...points.values()].sort((one, other) => String(one.at).localeCompare(String(other.at))),
  };
}

/** The key of a layer in a point. */
export function key(layer: string): string {
  return `name:${layer}`;
}
