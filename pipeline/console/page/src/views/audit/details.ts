/** `kind: topics, sessions: a, b`: what is empty is left out. */
export function sentence(details: Record<string, unknown>): string {
  return Object.entries(details)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${text(value)}`)
    .join(" · ");
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(", ");
  if (typeof value === "object" && value !== null) return sentence(value as Record<string, unknown>);
  return String(value);
}
