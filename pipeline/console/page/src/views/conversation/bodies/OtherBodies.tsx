import { Badge, Group, Text } from "@mantine/core";
import type { McpToolList, ResponseRecord } from "../../../api/records";
import type { Entry } from "../../../api/types";
import { Code } from "../../../parts/Code";
import { count, duration } from "../../../parts/formats";

export function ToolListBody({ list }: { list: McpToolList }) {
  const failed = list.outcome === "failed";
  return (
    <Group gap={6}>
      <Text size="sm">
        {list.server_label ?? "A server"}{" "}
        {failed ? "could not list its tools" : `offers ${count(list.tool_names.length)}:`}
      </Text>
      {list.tool_names.map((name) => (
        <Badge key={name} variant="default" tt="none" fw={500}>
          {name}
        </Badge>
      ))}
    </Group>
  );
}

/** An item of a type that has no form of its own here: as it is. */
export function AnyBody({ entry }: { entry: Entry }) {
  return <Code value={entry.record.item ?? entry.record} label="item" lines={12} />;
}

const GOOD = new Set(["completed", "in_progress", null]);

/** A response in one line: how fast it was, what it cost in tokens, and what went wrong. */
export function ResponseBody({ record }: { record: ResponseRecord }) {
  const { timing, usage, error } = record;
  const speed = [
    timing?.speech_end_to_first_output_ms != null
      ? `first output ${duration(timing.speech_end_to_first_output_ms)} after the user stopped`
      : timing?.first_output_ms != null && `first output after ${duration(timing.first_output_ms)}`,
    timing?.done_ms != null && `done after ${duration(timing.done_ms)}`,
  ];
  const tokens = usage && [
    usage.input_tokens !== null &&
      `${count(usage.input_tokens)} tokens in${usage.cached_tokens ? ` (${count(usage.cached_tokens)} cached)` : ""}`,
    usage.output_tokens !== null && `${count(usage.output_tokens)} out`,
  ];
  return (
    <>
      <Group gap={8} wrap="nowrap" align="baseline">
        <Badge
          flex="none"
          variant="light"
          color={GOOD.has(record.status) ? "gray" : record.status === "failed" ? "red" : "orange"}
          tt="none"
        >
          {record.status ?? "no status"}
          {record.status_reason ? `: ${record.status_reason}` : ""}
        </Badge>
        {record.out_of_band && (
          <Badge flex="none" variant="default" tt="none">
            Out of band
          </Badge>
        )}
        <Text size="sm" c="dimmed">
          {[...speed, ...(tokens ?? [])].filter(Boolean).join(" · ")}
        </Text>
      </Group>
      {error && (
        <Text size="sm" c="var(--mantine-color-error)">
          {[error.code, error.message].filter((part) => part !== null).join(": ")}
        </Text>
      )}
    </>
  );
}
