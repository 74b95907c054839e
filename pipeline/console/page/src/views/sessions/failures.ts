import type { SessionSummary } from "../../api/types";

/** What went wrong in a session, as the API's filter `error` takes it. */
export const failures = (session: SessionSummary): number =>
  session.tool_failures + session.failed_responses + session.failed_transcripts;
