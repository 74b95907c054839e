/** What the worker's reasons mean, for people: docs/topics/rejected.md. */
export const WHAT: Record<string, string | undefined> = {
  empty: "The record has no value.",
  not_json: "The value is no JSON: it was cut off, or is something else.",
  not_object: "The value is JSON, but not an object.",
  type_missing: "The event does not say its type.",
  item_missing: "An event about an item that says no item.",
  item_invalid: "The item lacks what every item has, or has it in another form.",
  too_large: "Larger than the worker takes (setting max_event_bytes).",
  internal_error: "The worker has a mistake: once it is put right, redrive these.",
};
