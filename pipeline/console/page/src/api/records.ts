/** The records as they are on the topics, and which of them an entry of a timeline carries. */

import type { components } from "./schema";
import type { Entry } from "./types";

type Schemas = components["schemas"];
export type Message = Schemas["Message"];
export type FunctionCall = Schemas["FunctionCall"];
export type FunctionCallOutput = Schemas["FunctionCallOutput"];
export type McpCall = Schemas["McpCall"];
export type McpToolList = Schemas["McpToolList"];
export type McpApprovalRequest = Schemas["McpApprovalRequest"];
export type McpApprovalResponse = Schemas["McpApprovalResponse"];
export type OtherItem = Schemas["OtherItem"];
export type ResponseRecord = Schemas["Response"];

type Records = {
  message: Message;
  function_call: FunctionCall;
  function_call_output: FunctionCallOutput;
  mcp_call: McpCall;
  mcp_tool_list: McpToolList;
  mcp_approval_request: McpApprovalRequest;
  mcp_approval_response: McpApprovalResponse;
  response: ResponseRecord;
};
export type RecordType = keyof Records;

/** The entry's record, where it is of that type. */
export function recordOf<Type extends RecordType>(
  entry: Entry | undefined,
  type: Type,
): Records[Type] | undefined {
  return entry?.record_type === type ? (entry.record as unknown as Records[Type]) : undefined;
}
