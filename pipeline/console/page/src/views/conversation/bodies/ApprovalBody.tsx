import { Badge, Text } from "@mantine/core";
import type { McpApprovalRequest, McpApprovalResponse } from "../../../api/records";
import { Code } from "../../../parts/Code";
import { duration } from "../../../parts/formats";
import { Side, Tool } from "./CallBody";

const toolName = (record: { server_label: string | null; name: string | null }) =>
  [record.server_label, record.name].filter(Boolean).join(".") || null;

/** The model asks leave for a call, and what was answered. */
export function ApprovalBody({
  request,
  answer,
}: {
  request: McpApprovalRequest;
  answer?: McpApprovalResponse;
}) {
  const args = request.arguments ?? request.arguments_raw;
  return (
    <>
      <Tool name={toolName(request)}>
        {answer ? (
          <Answer answer={answer} />
        ) : (
          <Badge variant="light" color="gray" tt="none">
            Not answered
          </Badge>
        )}
      </Tool>
      {answer?.reason && <Text size="sm">“{answer.reason}”</Text>}
      {args ? (
        <Side title="Arguments">
          <Code value={args} label="arguments" lines={12} />
        </Side>
      ) : null}
    </>
  );
}

/** An answer whose request is not at hand. */
export function ApprovalAnswerBody({ answer }: { answer: McpApprovalResponse }) {
  return (
    <>
      <Tool name={toolName(answer)}>
        <Answer answer={answer} />
      </Tool>
      {answer.reason && <Text size="sm">“{answer.reason}”</Text>}
    </>
  );
}

function Answer({ answer }: { answer: McpApprovalResponse }) {
  const after = answer.latency_ms === null ? "" : ` after ${duration(answer.latency_ms)}`;
  const [color, word] = answer.approve ? ["teal", "Approved"] : ["red", "Refused"];
  return (
    <Badge variant="light" color={color} tt="none">
      {word}
      {after}
    </Badge>
  );
}
