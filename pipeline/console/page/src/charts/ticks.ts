const DAY = 86_400;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const both = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const calendar = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** The time of a step as short as its length allows. */
export function stepTime(at: string, stepSeconds: number, spanSeconds: number): string {
  const format = stepSeconds >= DAY ? day : spanSeconds >= DAY ? both : clock;
  const date = new Date(at);
  // The chart asks for the name of no step, too.
  return Number.isNaN(date.getTime()) ? "" : format.format(date);
}

/** A day such as `2026-11-25`, whatever the reader's time zone. */
export function dayName(at: string): string {
  const date = new Date(`${at.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? at : calendar.format(date);
}

/** Seconds between the first and the last of moments. */
export function span(moments: readonly string[]): number {
  const times = moments.map((at) => new Date(at).getTime());
  return times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1000;
}
