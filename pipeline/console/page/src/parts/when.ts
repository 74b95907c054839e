/** A span of time as it stands in the address: a moment in RFC 3339, or how long ago (`1h`, `7d`). */

export const SPANS = [
  { value: "15m", title: "Last 15 minutes" },
  { value: "1h", title: "Last hour" },
  { value: "24h", title: "Last 24 hours" },
  { value: "7d", title: "Last 7 days" },
  { value: "30d", title: "Last 30 days" },
] as const;

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The moment meant, in RFC 3339. How long ago counts from the minute that is on, so that the same question stays the same. */
export function moment(when: string | undefined, now: number = Date.now()): string | undefined {
  if (when === undefined) return undefined;
  const [, amount, unit] = /^(\d+)([mhd])$/.exec(when) ?? [];
  const length = unit === undefined ? undefined : UNITS[unit];
  if (length === undefined) return when;
  return new Date(Math.floor(now / 60_000) * 60_000 - Number(amount) * length).toISOString();
}

/** For `<input type="datetime-local">`, which knows no time zone: the reader's. */
export function toLocal(when: string | undefined): string {
  const at = moment(when);
  if (at === undefined || Number.isNaN(Date.parse(at))) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const fromLocal = (local: string): string | undefined =>
  local === "" ? undefined : new Date(local).toISOString();
