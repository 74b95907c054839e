import type { RecordValue } from "../../../api/types";

export type Change = { path: string; before: unknown; after: unknown };

// Differ in every revision, or say again what the other fields say.
const NOT_CONTENT = new Set(["id", "revision", "cause", "session_sequence", "source", "done_at", "item"]);

/** What differs between two revisions of a record, field by field, in the record's order. */
export function changes(before: RecordValue, after: RecordValue): Change[] {
  const [from, to] = [leaves(before), leaves(after)];
  const every = [...new Set([...from.keys(), ...to.keys()])];
  // Where a value became an object, the object's own fields tell it.
  const isParent = (path: string) => every.some((other) => other.startsWith(`${path}.`));
  const paths = every.filter((path) => from.get(path) !== to.get(path) && !isParent(path));
  return paths.map((path) => ({ path, before: from.get(path), after: to.get(path) }));
}

function leaves(record: RecordValue): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const visit = (path: string, value: unknown) => {
    if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) visit(path === "" ? key : `${path}.${key}`, inner);
    } else {
      // An empty list or object is told as such; two of them are the same.
      found.set(path, typeof value === "object" && value !== null ? JSON.stringify(value) : value);
    }
  };
  for (const [key, value] of Object.entries(record)) if (!NOT_CONTENT.has(key)) visit(key, value);
  return found;
}
