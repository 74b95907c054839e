/** The shapes of the API's answers about the pipeline and what is done to it. */

export type ToolKind = "function" | "mcp";

export type Tool = {
  kind: ToolKind;
  server_label: string | null;
  name: string;
  calls: number;
  answered: number;
  failed: number;
  unanswered: number;
  p50_ms: number | null;
  p95_ms: number | null;
  max_ms: number | null;
};

export type ToolStep = {
  at: string;
  kind: ToolKind;
  server_label: string | null;
  name: string;
  calls: number;
  failed: number;
};

export type Tools = { tools: Tool[]; series: ToolStep[]; step_seconds: number };

export type UsageRow = {
  day: string | null;
  tenant: string | null;
  model: string | null;
  responses: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  input_audio_tokens: number;
  output_audio_tokens: number;
  total_tokens: number;
  cost: number | null;
};

export type Usage = { rows: UsageRow[]; currency: string | null; priced: boolean };

export type Rejected = {
  id: string;
  partition: number;
  offset: number;
  at: string | null;
  session_id: string | null;
  reason: string;
  message: string;
  original: { topic: string; partition: number; offset: number; at: string | null } | null;
  value: string;
  binary: boolean;
  truncated: boolean;
  /** Characters (code points) of `value`. */
  mark: { start: number; end: number } | null;
  /** How often it was sent again. */
  redriven: number;
};

export type RejectedList = {
  reasons: { reason: string; count: number }[];
  rejected: Rejected[];
  next_cursor: string | null;
};

export type Outcome = "usable" | "rejected_again" | "sent" | "skipped";

export type Redrive = {
  dry_run: boolean;
  records: { id: string; outcome: Outcome; reason: string | null; message: string | null }[];
  sent: number;
};

export type Job = {
  id: string;
  kind: "topics" | "files" | "in-place" | "difference";
  state: "running" | "interrupted" | "done" | "failed" | "cancelled";
  who: string;
  started_at: string;
  ended_at: string | null;
  selection: { since: string | null; until: string | null; sessions: string[]; event_types: string[] };
  target: string | null;
  events: number;
  outputs: number;
  share: number | null;
  error: string | null;
};

export type Jobs = { jobs: Job[] };

export type ReplayRequest = {
  kind: "topics" | "difference";
  to_prefix: string | null;
  since: string | null;
  until: string | null;
  sessions: string[];
  event_types: string[];
};

export type Difference = {
  verdict: "added" | "changed" | "gone";
  kind: string;
  id: string;
  session_id: string | null;
  topic: string;
  fields: { path: string; before: unknown; after: unknown }[];
};

export type Differences = {
  summary: {
    events: number;
    records: number;
    added: number;
    changed: number;
    same: number;
    gone: number;
    fields: Record<string, number>;
    not_compared: Record<string, number>;
  } | null;
  differences: Difference[];
  complete: boolean;
  notes: string[];
};

export type PipelineNode = {
  id: string;
  kind: "topic" | "worker" | "group";
  title: string;
  rate: number;
  records: number | null;
};

export type PipelineEdge = { from: string; to: string; rate: number };

export type PartitionState = {
  topic: string;
  partition: number;
  end: number;
  committed: number | null;
  lag: number;
  lag_seconds: number | null;
  worker: string | null;
};

export type PipelineState = {
  at: string;
  status: "ok" | "degraded" | "down";
  problems: string[];
  nodes: PipelineNode[];
  edges: PipelineEdge[];
  partitions: PartitionState[];
  workers: { id: string; host: string; partitions: number[] }[];
  projection: { lag: number; behind_seconds: number | null };
};

export type AuditEntry = {
  at: string;
  who: string;
  action: string;
  details: Record<string, unknown>;
  outcome: string;
};

export type Audit = { entries: AuditEntry[]; next_cursor: string | null };
