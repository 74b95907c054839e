import type { Me } from "../api/types";

const WHAT = { redrive: "Redriving records", replay: "Starting and cancelling replays" } as const;

/** Why this person cannot do it here, in words for them; null where they can. */
export function mayNot(who: Me | undefined, what: keyof typeof WHAT): string | null {
  if (who === undefined) return "";
  if (!who.features[what]) return `${WHAT[what]} is turned off for this console.`;
  if (who.role === "operator") return null;
  return `${WHAT[what]} is for operators. You are here as a viewer: ask whoever runs the console for that role.`;
}
