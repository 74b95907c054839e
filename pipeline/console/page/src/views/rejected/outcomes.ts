import type { Outcome, Redrive } from "../../api/types";
import { count } from "../../parts/formats";

export const OUTCOMES: Record<Outcome, { title: string; colour: string }> = {
  usable: { title: "would be used", colour: "teal" },
  sent: { title: "sent", colour: "teal" },
  rejected_again: { title: "would be rejected again", colour: "red" },
  skipped: { title: "left alone", colour: "gray" },
};

/** `3 would be used, 1 would be rejected again.` */
export function summary(answer: Redrive): string {
  const told = (Object.keys(OUTCOMES) as Outcome[])
    .map(
      (outcome) => [answer.records.filter((record) => record.outcome === outcome).length, outcome] as const,
    )
    .filter(([many]) => many > 0)
    .map(([many, outcome]) => `${count(many)} ${OUTCOMES[outcome].title}`);
  return told.length > 0 ? `${told.join(", ")}.` : "There was nothing to send.";
}
