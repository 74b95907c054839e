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

/** A record as it is on its topic: docs/topics tells its fields; what is not known is null. */
export type RecordValue = Entry["record"];
