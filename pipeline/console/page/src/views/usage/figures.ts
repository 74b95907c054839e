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

/** The sum of a figure; null where no row has it. */
export function sum(
  rows: readonly UsageRow[],
  figure: Figure | "responses" | "cached_tokens",
): number | null {
  const told = rows.map((row) => row[figure]).filter((value) => value !== null);
  return told.length > 0 ? told.reduce((total, value) => total + value, 0) : null;
}

/** An amount of money; four significant places where it is small, for a token costs next to nothing. */
export function money(value: number | null, currency: string | null): string {
  if (value === null) return "–";
  const digits = Math.abs(value) >= 1 || value === 0 ? 2 : 4;
  const text = value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return currency ? `${text} ${currency}` : text;
}
