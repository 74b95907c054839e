import type { UsageRow } from "../../api/types";

export type Figure =
  | "total_tokens"
  | "input_tokens"
  | "output_tokens"
  | "input_audio_tokens"
  | "output_audio_tokens"
  | "cost";

export const FIGURES: readonly { value: Figure; label: string }[] = [
  { value: "total_tokens", label: "All tokens" },
  { value: "input_tokens", label: "Tokens in" },
  { value: "output_tokens", label: "Tokens out" },
  { value: "input_audio_tokens", label: "Audio tokens in" },
  { value: "output_audio_tokens", label: "Audio tokens out" },
  { value: "cost", label: "Cost" },
];

export const DIMENSIONS = [
  { value: "day", label: "Day" },
  { value: "tenant", label: "Tenant" },
  { value: "model", label: "Model" },
] as const;
export type Dimension = (typeof DIMENSIONS)[number]["value"];

export const UNTOLD = "(not told)";

/** The named dimensions, in their own order; those of `fallback` where none of them is one. */
export function dimensions(named: string | undefined, fallback: readonly Dimension[]): Dimension[] {
  const wanted = new Set((named ?? "").split(","));
  const found = DIMENSIONS.map(({ value }) => value).filter((dimension) => wanted.has(dimension));
  return found.length > 0 ? found : [...fallback];
}

export type Count = Exclude<Figure, "cost"> | "responses" | "cached_tokens";

export const sum = (rows: readonly UsageRow[], figure: Count): number =>
  rows.reduce((total, row) => total + row[figure], 0);

/** What rows cost: `least` is the sum of what has a price, null where nothing has; `lacking` of them lack some price. */
export function costs(rows: readonly UsageRow[]): { least: number | null; lacking: number } {
  const told = rows.map((row) => row.priced_cost).filter((cost) => cost !== null);
  return {
    least: told.length > 0 ? told.reduce((total, cost) => total + cost, 0) : null,
    lacking: rows.filter((row) => row.unpriced_responses > 0).length,
  };
}

/** `≥ 1.20 USD` where some of it has no price, `–` where none of it has. */
export function costText(rows: readonly UsageRow[], currency: string | null): string {
  const { least, lacking } = costs(rows);
  return least !== null && lacking > 0 ? `≥ ${money(least, currency)}` : money(least, currency);
}

/** An amount of money; four significant places where it is small, for a token costs next to nothing. */
export function money(value: number | null, currency: string | null): string {
  if (value === null) return "–";
  const digits = Math.abs(value) >= 1 || value === 0 ? 2 : 4;
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return currency ? `${text} ${currency}` : text;
}
