/** The shapes of the API's answers, by their names in its OpenAPI document. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Facets = Schemas["Facets"];
export type SnippetPart = Schemas["SnippetPart"];
export type SessionSummary = Schemas["SessionSummary"];
export type SessionDetail = Schemas["SessionDetail"];
export type SessionList = Schemas["SessionPage"];
export type Entry = Schemas["Entry"];
export type Timeline = Schemas["Timeline"];
export type Revision = Schemas["Revision"];
export type Revisions = Schemas["Revisions"];
export type RawEvent = Schemas["RawEvent"];
export type RawEvents = Schemas["RawEvents"];
export type RejectedCount = Schemas["RejectedCount"];
export type Job = Schemas["Job"];
export type Pipeline = Schemas["Pipeline"];
export type Tools = Schemas["Tools"];
export type Tool = Schemas["Tool"];
export type ToolStep = Schemas["ToolPoint"];
export type Usage = Schemas["Usage"];
export type UsageRow = Schemas["UsageRow"];
export type Rejected = Schemas["Rejected"];
export type RejectedList = Schemas["RejectedPage"];
export type Redrive = Schemas["RedriveResult"];
export type Jobs = Schemas["Jobs"];
export type ReplayRequest = Schemas["ReplayRequest"];
export type Difference = Schemas["Difference"];
export type Differences = Schemas["Differences"];
export type PipelineNode = Schemas["Node"];
export type PipelineEdge = Schemas["Edge"];
export type PartitionState = Schemas["PartitionLag"];
export type Audit = Schemas["Audit"];
export type Outcome = Redrive["records"][number]["outcome"];

/** A record as it is on its topic: docs/topics tells its fields; what is not known is null. */
export type RecordValue = Entry["record"];
