import { Badge, Group, Text } from "@mantine/core";
import type { FunctionCall, FunctionCallOutput, McpCall } from "../../../api/records";
import { Code } from "../../../parts/Code";
import { duration } from "../../../parts/formats";
import classes from "./bodies.module.css";

const LINES = 12;
const OUTCOME = {
  succeeded: ["teal", "Succeeded"],
  failed: ["red", "Failed"],
  unknown: ["gray", "No outcome"],
} as const;

/** A function call and what came back, side by side. */
export function FunctionCallBody({ call, output }: { call: FunctionCall; output?: FunctionCallOutput }) {
  return (
    <>
      <Tool name={call.name}>
        {output?.latency_ms != null && <Took ms={output.latency_ms} />}
        {call.declared === false && (
          <Badge variant="light" color="orange" tt="none">
            Not declared in the session
          </Badge>
        )}
        {output === undefined && (
          <Badge variant="light" color="gray" tt="none">
            No output
          </Badge>
        )}
      </Tool>
      <div className={classes.sides}>
        <Side title={call.arguments === null && call.arguments_raw ? "Arguments (not JSON)" : "Arguments"}>
          <Code value={call.arguments ?? call.arguments_raw ?? ""} label="arguments" lines={LINES} />
        </Side>
        {output && (
          <Side title="Output">
            <Code value={output.output ?? output.output_raw ?? ""} label="output" lines={LINES} />
          </Side>
        )}
      </div>
    </>
  );
}

/** An output whose call is not at hand: it lies further up, or was never seen. */
export function FunctionOutputBody({ output }: { output: FunctionCallOutput }) {
  return (
    <>
      <Tool name={output.name ?? output.call_id}>
        {output.latency_ms !== null && <Took ms={output.latency_ms} />}
        {output.orphan && (
          <Badge variant="light" color="orange" tt="none">
            No such call was seen
          </Badge>
        )}
      </Tool>
      <Side title="Output">
        <Code value={output.output ?? output.output_raw ?? ""} label="output" lines={LINES} />
      </Side>
    </>
  );
}

/** A call that the provider itself carried out on an MCP server. */
export function McpCallBody({ call }: { call: McpCall }) {
  const [color, outcome] = OUTCOME[call.outcome];
  const error =
    call.error && [call.error.code, call.error.message].filter((part) => part !== null).join(": ");
  return (
    <>
      <Tool name={[call.server_label, call.name].filter(Boolean).join(".")}>
        {call.duration_ms !== null && <Took ms={call.duration_ms} />}
        <Badge variant="light" color={color} tt="none">
          {outcome}
        </Badge>
        {call.approval_request_id && (
          <Badge variant="default" tt="none">
            Approved before
          </Badge>
        )}
      </Tool>
      <div className={classes.sides}>
        <Side title="Arguments">
          <Code value={call.arguments ?? call.arguments_raw ?? ""} label="arguments" lines={LINES} />
        </Side>
        <Side title={error ? "Error" : "Output"}>
          <Code
            value={error ?? call.output ?? call.output_raw ?? ""}
            label={error ? "error" : "output"}
            lines={LINES}
          />
        </Side>
      </div>
    </>
  );
}

export function Tool({ name, children }: { name: string | null; children?: React.ReactNode }) {
  return (
    <Group gap={6}>
      <span className={classes.tool}>{name ?? "no name"}</span>
      {children}
    </Group>
  );
}

function Took({ ms }: { ms: number }) {
  return (
    <Badge variant="default" tt="none">
      {duration(ms)}
    </Badge>
  );
}

export function Side({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <Text className={classes.side}>{title}</Text>
      {children}
    </div>
  );
}
