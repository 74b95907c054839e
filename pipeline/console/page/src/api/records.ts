/** The records as they are on the topics, and which of them an entry of a timeline carries. */

import type { components } from "./schema";
import type { Entry } from "./types";

type Schemas = components["schemas"];
export type Message = Schemas["RecordMessage"];
export type FunctionCall = Schemas["RecordFunctionCall"];
export type FunctionCallOutput = Schemas["RecordFunctionCallOutput"];
export type McpCall = Schemas["RecordMcpCall"];
export type McpToolList = Schemas["RecordMcpToolList"];
export type McpApprovalRequest = Schemas["RecordMcpApprovalRequest"];
export type McpApprovalResponse = Schemas["RecordMcpApprovalResponse"];
export type OtherItem = Schemas["RecordOtherItem"];
export type ResponseRecord = Schemas["RecordResponse"];

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
