import type { ReplayRequest } from "../../api/types";

/** What the form holds. */
export interface Order {
  since: string;
  until: string;
  sessions: string[];
  eventTypes: string[];
  toPrefix: string;
}

const AGO = /^\d+[smhd]$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const TOPIC = /^[A-Za-z0-9._-]+$/;

/** What is wrong with a time as the API takes it; null where nothing is. */
export function wrongTime(text: string): string | null {
  if (text === "" || AGO.test(text) || (MOMENT.test(text) && !Number.isNaN(Date.parse(text)))) return null;
  return "Write 30s, 10m, 2h or 3d ago, or a time such as 2026-01-31T12:00:00Z";
}

export function wrongPrefix(text: string, live: string): string | null {
  if (text === "") return "Say where to: a prefix for topics of their own";
  if (text === live) return `${live} is the prefix of the live topics: choose another`;
  return TOPIC.test(text) ? null : "A topic's name has letters, digits, dots, dashes and underscores only";
}

export function request(kind: ReplayRequest["kind"], order: Order): ReplayRequest {
  return {
    kind,
    to_prefix: kind === "topics" ? order.toPrefix : null,
    since: order.since || null,
    until: order.until || null,
    sessions: order.sessions,
    event_types: order.eventTypes,
  };
}

/** The same as a command for a terminal. */
export function command(kind: ReplayRequest["kind"], order: Order): string {
  const options: [string, string][] = [
    ["--since", order.since],
    ["--until", order.until],
    ...order.sessions.map((session): [string, string] => ["--session", session]),
    ...order.eventTypes.map((type): [string, string] => ["--event-type", type]),
    ...(kind === "topics" ? [["--to-prefix", order.toPrefix || "…"] as [string, string]] : []),
  ];
  const said = options.filter(([, value]) => value !== "").map(([name, value]) => `${name} ${quoted(value)}`);
  return ["itemstream replay", ...(kind === "difference" ? ["--dry-run"] : []), ...said].join(" ");
}

/** A word as a shell takes it. */
function quoted(text: string): string {
  return /^[\w.:/@%+=,…-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
