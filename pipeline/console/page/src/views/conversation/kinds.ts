import IconArrowBackUp from "@tabler/icons-react/icons/IconArrowBackUp";
import IconFlagCheck from "@tabler/icons-react/icons/IconFlagCheck";
import IconHandStop from "@tabler/icons-react/icons/IconHandStop";
import IconList from "@tabler/icons-react/icons/IconList";
import IconPuzzle from "@tabler/icons-react/icons/IconPuzzle";
import IconRobot from "@tabler/icons-react/icons/IconRobot";
import IconSettings from "@tabler/icons-react/icons/IconSettings";
import IconTool from "@tabler/icons-react/icons/IconTool";
import IconUser from "@tabler/icons-react/icons/IconUser";
import { recordOf } from "../../api/records";
import type { Entry } from "../../api/types";

const ROLES = {
  user: { title: "User", Icon: IconUser, tone: "user" },
  assistant: { title: "Assistant", Icon: IconRobot, tone: "assistant" },
  system: { title: "System", Icon: IconSettings, tone: "tool" },
} as const;

const KINDS = {
  function_call: { title: "Function call", Icon: IconTool, tone: "tool" },
  function_call_output: { title: "Function output", Icon: IconArrowBackUp, tone: "tool" },
  mcp_call: { title: "MCP call", Icon: IconTool, tone: "tool" },
  mcp_tool_list: { title: "MCP tools", Icon: IconList, tone: "quiet" },
  mcp_approval_request: { title: "Asks leave", Icon: IconHandStop, tone: "tool" },
  mcp_approval_response: { title: "Answer", Icon: IconHandStop, tone: "tool" },
  response: { title: "Response", Icon: IconFlagCheck, tone: "quiet" },
} as const;

/** What an entry is called, its picture, and its colour. */
export function kindOf(entry: Entry) {
  const role = recordOf(entry, "message")?.role;
  if (role && role in ROLES) return ROLES[role as keyof typeof ROLES];
  const kind = KINDS[entry.record_type as keyof typeof KINDS];
  return (
    kind ?? { title: String(entry.record.item_type ?? entry.record_type), Icon: IconPuzzle, tone: "tool" }
  );
}
