/** The shapes of the API's answers. */

export type Me = {
  name: string;
  role: "viewer" | "operator";
  csrf_token: string;
  version: string;
  prefix: string;
  features: { redrive: boolean; replay: boolean; raw_events: boolean };
};

export type Facets = { providers: string[]; tenants: string[]; models: string[]; tools: string[] };

export type SnippetPart = { text: string; match: boolean };

export type SessionSummary = {
  session_id: string;
  provider: string | null;
  tenant: string | null;
  model: string | null;
  conversation_id: string | null;
  first_at: string | null;
  last_at: string | null;
  items: number;
  messages: number;
  tool_calls: number;
  tool_failures: number;
  responses: number;
  failed_responses: number;
  interrupted: number;
  rejected: number;
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  tools: string[];
  preview: string | null;
  snippet: SnippetPart[] | null;
};

export type SessionDetail = SessionSummary & { provider_session_id: string | null; total_entries: number };

export type SessionList = { sessions: SessionSummary[]; next_cursor: string | null };

// A record as it is on its topic: docs/topics tells its fields; what is not known is null.
export type RecordValue = Record<string, unknown>;

export type Entry = {
  kind: "item" | "response";
  position: number;
  id: string;
  record_type: string;
  revisions: number;
  topic: string;
  record: RecordValue;
};

export type Timeline = { total: number; offset: number; entries: Entry[] };

export type Revision = { topic: string; partition: number; offset: number; record: RecordValue };

export type RawEvent = {
  topic: string;
  partition: number;
  offset: number;
  at: string | null;
  event_type: string | null;
  event_id: string | null;
  value: string;
};

export type RawEvents = { events: RawEvent[]; complete: boolean; note: string | null };
