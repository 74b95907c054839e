// Generated from topics/schemas/json by `npm run generate`; edit the models and not this file.

/**
 * An error as the provider told it. Further keys of the provider's may follow.
 */
export interface ErrorInfo {
  /**
   * Kind of error, by the provider's names.
   */
  type: string | null;
  /**
   * The provider's error code.
   */
  code: string | number | null;
  /**
   * The provider's message, verbatim.
   */
  message: string | null;
  [k: string]: unknown;
}

/**
 * The function calls a model made.
 */
export interface FunctionCall {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
  /**
   * Joins the call with its output, verbatim.
   */
  call_id: string | null;
  /**
   * The function's name, verbatim.
   */
  name: string | null;
  /**
   * The arguments as the model wrote them, verbatim.
   */
  arguments_raw: string | null;
  /**
   * The arguments parsed as JSON, of any type; null where they do not parse (then `warnings` has `arguments_not_json`).
   */
  arguments: unknown;
  /**
   * Whether the session lists a tool of that name; null where its tools are not known.
   */
  declared: boolean | null;
}

/**
 * The results of function calls, joined with the name and the time of their calls.
 */
export interface FunctionCallOutput {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
  /**
   * Joins the output with its call, verbatim.
   */
  call_id: string | null;
  /**
   * Name of the function, from the call; null while no such call was seen.
   */
  name: string | null;
  /**
   * Item id of the call; null while no such call was seen.
   */
  call_item_id: string | null;
  /**
   * The output as the client gave it, verbatim.
   */
  output_raw: string | null;
  /**
   * The output parsed as JSON, of any type; null where it does not parse.
   */
  output: unknown;
  /**
   * Time from the call's arguments being done to the output's being opened, in ms, by the collector's clock; null where one of them was not seen.
   */
  latency_ms: number | null;
  /**
   * True while no call with this `call_id` was seen in the session.
   */
  orphan: boolean;
}

/**
 * The requests to approve a call of an MCP tool.
 */
export interface McpApprovalRequest {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
  /**
   * The MCP server, by the session's label for it.
   */
  server_label: string | null;
  /**
   * The tool's name, verbatim.
   */
  name: string | null;
  /**
   * The arguments the call is to have, verbatim.
   */
  arguments_raw: string | null;
  /**
   * The arguments parsed as JSON, of any type; null where they do not parse.
   */
  arguments: unknown;
}

/**
 * The answers to approval requests, joined with what they approve or refuse.
 */
export interface McpApprovalResponse {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
  /**
   * Item id of the request that is answered, verbatim.
   */
  approval_request_id: string | null;
  /**
   * Whether the call is approved; null where the provider told neither.
   */
  approve: boolean | null;
  /**
   * The reason given, verbatim.
   */
  reason: string | null;
  /**
   * The MCP server, from the request; null while the request was not seen.
   */
  server_label: string | null;
  /**
   * The tool's name, from the request; null while the request was not seen.
   */
  name: string | null;
  /**
   * Time from the request to the answer, in ms, by the collector's clock; null where one of them was not seen.
   */
  latency_ms: number | null;
}

/**
 * The calls of tools on MCP servers, with result or error.
 */
export interface McpCall {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
  /**
   * The MCP server, by the session's label for it.
   */
  server_label: string | null;
  /**
   * The tool's name, verbatim.
   */
  name: string | null;
  /**
   * The arguments as the model wrote them, verbatim.
   */
  arguments_raw: string | null;
  /**
   * The arguments parsed as JSON, of any type; null where they do not parse.
   */
  arguments: unknown;
  /**
   * The tool's output, verbatim; null where there is none.
   */
  output_raw: string | null;
  /**
   * The output parsed as JSON, of any type; null where it does not parse.
   */
  output: unknown;
  /**
   * Why the call failed; null where it did not.
   */
  error: McpError | null;
  /**
   * `failed` where there is an error, `succeeded` where there is an output, else `unknown`.
   */
  outcome: "succeeded" | "failed" | "unknown";
  /**
   * The approval request that allowed the call, verbatim.
   */
  approval_request_id: string | null;
  /**
   * Time from the call's start to its end, in ms, by the collector's clock; null where one of them was not seen.
   */
  duration_ms: number | null;
}

/**
 * Why an MCP call failed. An error told as a mere string is in `message`.
 */
export interface McpError {
  /**
   * Kind of error, by the provider's names.
   */
  type: string | null;
  /**
   * The provider's error code.
   */
  code: string | number | null;
  /**
   * The provider's message, verbatim.
   */
  message: string | null;
  [k: string]: unknown;
}

/**
 * The tools that MCP servers listed.
 */
export interface McpToolList {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
  /**
   * The MCP server, by the session's label for it.
   */
  server_label: string | null;
  /**
   * The tools as the server described them, verbatim; null where there is no list.
   */
  tools: unknown[] | null;
  /**
   * The tools' names, in the order of `tools`; empty where there is no list.
   */
  tool_names: string[];
  /**
   * `failed` where the listing failed, `succeeded` where there is a list, else `unknown`.
   */
  outcome: "succeeded" | "failed" | "unknown";
}

/**
 * What was said or written: user, assistant and system messages.
 */
export interface Message {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
  /**
   * Whose message it is, verbatim. Known today: `user`, `assistant`, `system`.
   */
  role: string | null;
  /**
   * The item's phase, verbatim, where the provider tells one, such as `commentary` or `final_answer`; else null.
   */
  phase: string | null;
  /**
   * All text and transcripts of the parts, in order, joined by a newline; null while there is none, empty where speech was transcribed and nothing was said.
   */
  text: string | null;
  /**
   * The parts of the content, in order, types made canonical.
   */
  parts: Part[];
  /**
   * What the parts are; `mixed` for more than one kind, null where there are none.
   */
  modality: ("text" | "audio" | "image" | "mixed") | null;
  /**
   * Where the message came from: `user_audio` spoken into the session, `model` generated, `client` put into the conversation by the client.
   */
  origin: "user_audio" | "model" | "client";
  /**
   * Null where the message has no input audio.
   */
  transcript: Transcript | null;
  /**
   * Null where no voice detection told of speech for this message.
   */
  speech: Speech | null;
  /**
   * Whether the message was cut short: it was truncated, or left incomplete as the user cut in.
   */
  interrupted: boolean;
  /**
   * How much of the audio the user heard before it was cut, in ms; null where it was not cut.
   */
  heard_ms: number | null;
}

/**
 * Every conversation item of a type without a topic of its own.
 */
export interface OtherItem {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session, item and revision always give the same id, so it serves to drop repeats.
   */
  id: string;
  /**
   * Rises by one per item of a session, from 1; the highest revision of an item is the truth.
   */
  revision: number;
  /**
   * What made this revision: `item_done`, `output_item_done` and `response_done` are the events that finished the item; `transcription` a transcript that was completed or failed; `truncated` and `deleted` the item's being cut or removed; `joined` something told apart from the item, such as its predecessor or the other half of a call; `session_idle` no events for a while; `item_retrieved` the client's having asked for the item; `replayed` a replay that wrote the record anew.
   */
  cause:
    | "item_done"
    | "output_item_done"
    | "response_done"
    | "transcription"
    | "truncated"
    | "deleted"
    | "joined"
    | "session_idle"
    | "item_retrieved"
    | "replayed";
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation, from `response.*` and `conversation.created`; null until known.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * `session.id` as `session.created` or `session.updated` told it. Differs from `session_id` where the collector attached late and had to make up its own.
   */
  provider_session_id: string | null;
  /**
   * The item's id, verbatim; null where the provider gave it none.
   */
  item_id: string | null;
  /**
   * The item's type, verbatim; an open set.
   */
  item_type: string | null;
  /**
   * The item's status, verbatim. Known today: `completed`, `incomplete`, `in_progress`; null where the provider told none.
   */
  status: string | null;
  /**
   * The item before this one in the conversation; null where it is the first, or where nothing told it (then `previous_item_source` is null too).
   */
  previous_item_id: string | null;
  /**
   * Which event told the predecessor: `added` or `created` (the item's opening), `committed` (the input audio buffer's), `done` (the item's finish, where it named one); null where nothing told it.
   */
  previous_item_source: ("added" | "created" | "committed" | "done") | null;
  /**
   * The response that made the item; null for items of the user and the client.
   */
  response_id: string | null;
  /**
   * The item's place in its response's output, from 0; else null.
   */
  output_index: number | null;
  /**
   * The session's model, where a response made the item; else null.
   */
  model: string | null;
  /**
   * When the item was opened, by the collector's clock; null where its opening was not seen.
   */
  opened_at: string | null;
  /**
   * When the item was finished, by the collector's clock; null where that was not seen.
   */
  done_at: string | null;
  /**
   * Whether the item was deleted from the conversation.
   */
  deleted: boolean;
  /**
   * The item's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * The event that caused this revision; for `session_idle`, which no event causes, the last one about the item.
   */
  source: Source;
  /**
   * The item as the provider sent it, verbatim, less audio bytes (`audio` values are dropped).
   */
  item: {
    [k: string]: unknown;
  };
  /**
   * Short codes for what could not be done with the item, such as `arguments_not_json`; an open set.
   */
  warnings: string[];
}

/**
 * One part of a message's content. Keys a part does not have may be absent; further keys may be there.
 */
export interface Part {
  /**
   * Canonical type, the same for every provider: `input_text`, `input_audio`, `input_image`, `output_text`, `output_audio`; others verbatim.
   */
  type: string | null;
  /**
   * The text of a text part.
   */
  text?: string | null;
  /**
   * What was said in an audio part.
   */
  transcript?: string | null;
  /**
   * Address or data URL of an image part.
   */
  image_url?: string | null;
  [k: string]: unknown;
}

/**
 * Every finished response: status, items, usage and timing.
 */
export interface Response {
  /**
   * Version of the record's schema: 1.
   */
  schema_version: number;
  /**
   * Id of this record, also header `ce_id`. The same session and response always give the same id.
   */
  id: string;
  /**
   * Rises by one per record of the session, over all item topics and `responses`: a reader of all these topics sees each number once, and can sort by it.
   */
  session_sequence: number;
  /**
   * The session, as the collector named it (header `ce_sessionid`, else the input record's key); null where the event belongs to no session.
   */
  session_id: string | null;
  /**
   * The provider's conversation; null until known, and for a response out of band.
   */
  conversation_id: string | null;
  /**
   * Who the session is held with (header `ce_provider`). Known today: `openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai`; any other string may come.
   */
  provider: string | null;
  /**
   * Header `ce_tenant`, copied; null where there is none.
   */
  tenant: string | null;
  /**
   * The session's model, as told so far.
   */
  model: string | null;
  /**
   * The event that ended the response.
   */
  source: Source;
  /**
   * Short codes for what could not be done with the response; an open set.
   */
  warnings: string[];
  /**
   * The response's id, verbatim.
   */
  response_id: string | null;
  /**
   * The response's status, verbatim. Known today: `completed`, `cancelled`, `incomplete`, `failed`.
   */
  status: string | null;
  /**
   * Why it was cancelled or is incomplete, verbatim, such as `turn_detected`, `client_cancelled`, `max_output_tokens`, `content_filter`; else null.
   */
  status_reason: string | null;
  /**
   * Why it failed; null where it did not.
   */
  error: ErrorInfo | null;
  /**
   * The items of its output, in order; see `item_id` of the item records.
   */
  item_ids: string[];
  /**
   * What the response was to be made of, verbatim: `text`, `audio`; null where not told.
   */
  output_modalities: string[] | null;
  /**
   * The voice's name, where there is one.
   */
  voice: string | null;
  /**
   * The response's own metadata, verbatim.
   */
  metadata: {
    [k: string]: unknown;
  } | null;
  /**
   * Whether the response belongs to no conversation.
   */
  out_of_band: boolean;
  /**
   * Tokens of the response; null where the provider told none.
   */
  usage: Usage | null;
  /**
   * The usage as the provider told it, verbatim.
   */
  usage_raw: {
    [k: string]: unknown;
  } | null;
  /**
   * How fast it was, by the collector's clock.
   */
  timing: Timing;
  /**
   * The response as the provider sent it, verbatim, less audio bytes (`audio` values of content parts are dropped).
   */
  response: {
    [k: string]: unknown;
  };
}

/**
 * Where the event that made a record was read.
 */
export interface Source {
  /**
   * Topic of the event; the file's name where no Kafka was involved.
   */
  topic: string;
  /**
   * Partition of the event; 0 where no Kafka was involved.
   */
  partition: number;
  /**
   * Offset of the event; the line number where no Kafka was involved.
   */
  offset: number;
  /**
   * The provider's `event_id`; null where the event has none.
   */
  event_id: string | null;
  /**
   * The provider's event type, verbatim; an open set.
   */
  event_type: string | null;
  /**
   * Header `ce_sequence` of the event, rising per connection; the offset where it has none.
   */
  sequence: number | null;
  /**
   * When the collector received the event (header `ce_time`, else the record's timestamp).
   */
  received_at: string | null;
}

/**
 * Where the speech lies in the session's input audio, by the provider's voice detection.
 */
export interface Speech {
  /**
   * Start of speech, in ms of input audio from the session's start.
   */
  start_ms: number | null;
  /**
   * End of speech, in ms of input audio from the session's start.
   */
  end_ms: number | null;
}

/**
 * How fast a response was, by the collector's clock. Each is null where an end of the span was not seen.
 */
export interface Timing {
  /**
   * When the response was created.
   */
  created_at: string | null;
  /**
   * From its creation to its first output, in ms.
   */
  first_output_ms: number | null;
  /**
   * From its creation to its end, in ms.
   */
  done_ms: number | null;
  /**
   * From the end of the user's speech to the first output, in ms: the wait as the user felt it.
   */
  speech_end_to_first_output_ms: number | null;
}

/**
 * The transcript of a message's input audio.
 */
export interface Transcript {
  /**
   * `pending`: may still come, in a later revision; `final`: there, even where the text is empty; `failed`: the provider could not, see `error`; `disabled`: the session has no transcription configured.
   */
  state: "pending" | "final" | "failed" | "disabled";
  /**
   * What was said, as far as it is known; empty where nothing was, else null.
   */
  text: string | null;
  /**
   * The model that transcribes, as the transcript told it, else the session's configuration.
   */
  model: string | null;
  /**
   * Languages told by the provider, else null.
   */
  languages: string[] | null;
  /**
   * How sure the provider is, 0 to 1: as told, else the geometric mean of the tokens' probabilities where those are told; else null.
   */
  confidence: number | null;
  /**
   * What the transcription cost, as the provider told it: tokens or seconds.
   */
  usage: {
    [k: string]: unknown;
  } | null;
  /**
   * Why the transcription failed; null unless `state` is `failed`.
   */
  error: ErrorInfo | null;
}

/**
 * Tokens of one response. Each is null where the provider told none; usage is never copied onto items.
 */
export interface Usage {
  /**
   * Tokens in.
   */
  input_tokens: number | null;
  /**
   * Tokens out.
   */
  output_tokens: number | null;
  /**
   * Tokens in and out.
   */
  total_tokens: number | null;
  /**
   * Of the tokens in: text.
   */
  input_text_tokens: number | null;
  /**
   * Of the tokens in: audio.
   */
  input_audio_tokens: number | null;
  /**
   * Of the tokens in: images.
   */
  input_image_tokens: number | null;
  /**
   * Of the tokens in: read from the provider's cache.
   */
  cached_tokens: number | null;
  /**
   * Of the cached tokens: text.
   */
  cached_text_tokens: number | null;
  /**
   * Of the cached tokens: audio.
   */
  cached_audio_tokens: number | null;
  /**
   * Of the tokens out: text.
   */
  output_text_tokens: number | null;
  /**
   * Of the tokens out: audio.
   */
  output_audio_tokens: number | null;
  /**
   * Of the tokens out: reasoning.
   */
  reasoning_tokens: number | null;
}

/** A record of any topic. */
export type AnyRecord =
  | FunctionCallOutput
  | FunctionCall
  | McpApprovalRequest
  | McpApprovalResponse
  | McpCall
  | McpToolList
  | Message
  | OtherItem
  | Response;

/** The topics, without their prefix (`realtime.` unless configured), and what is on them. */
export interface RecordOfTopic {
  "items.function-call-outputs": FunctionCallOutput;
  "items.function-calls": FunctionCall;
  "items.mcp-approval-requests": McpApprovalRequest;
  "items.mcp-approval-responses": McpApprovalResponse;
  "items.mcp-calls": McpCall;
  "items.mcp-tool-lists": McpToolList;
  "items.messages": Message;
  "items.other": OtherItem;
  "responses": Response;
}

/** Header `ce_type` of a record, and what the record is. */
export interface RecordOfType {
  "itemstream.function_call_output.v1": FunctionCallOutput;
  "itemstream.function_call.v1": FunctionCall;
  "itemstream.mcp_approval_request.v1": McpApprovalRequest;
  "itemstream.mcp_approval_response.v1": McpApprovalResponse;
  "itemstream.mcp_call.v1": McpCall;
  "itemstream.mcp_tool_list.v1": McpToolList;
  "itemstream.message.v1": Message;
  "itemstream.other_item.v1": OtherItem;
  "itemstream.response.v1": Response;
}
