import { recordOf } from "../../api/records";
import type { Entry } from "../../api/types";

/** What belongs together is shown together: an output with its call, an answer with the request it answers. */
export type Joined = {
  /** The output or answer of a call or request, by the position of the latter. */
  answers: Map<number, Entry>;
  /** Positions of what is shown with something else. */
  folded: Set<number>;
  /** Approval requests by their item id. */
  requests: Map<string, Entry>;
};

export function join(entries: Map<number, Entry>): Joined {
  const asked = new Map<string, Entry>();
  const requests = new Map<string, Entry>();
  for (const entry of entries.values()) {
    const call = recordOf(entry, "function_call");
    if (call?.call_id) asked.set(`call ${call.call_id}`, entry);
    if (entry.record_type === "mcp_approval_request") {
      asked.set(`request ${entry.id}`, entry);
      requests.set(entry.id, entry);
    }
  }
  const answers = new Map<number, Entry>();
  const folded = new Set<number>();
  for (const entry of entries.values()) {
    const output = recordOf(entry, "function_call_output");
    const answer = recordOf(entry, "mcp_approval_response");
    const key = output ? `call ${output.call_id}` : answer && `request ${answer.approval_request_id}`;
    const question = key === undefined ? undefined : asked.get(key);
    // A second output of the same call stands by itself.
    if (question === undefined || answers.has(question.position)) continue;
    answers.set(question.position, entry);
    folded.add(entry.position);
  }
  return { answers, folded, requests };
}
