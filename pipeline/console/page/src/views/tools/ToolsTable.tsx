import { Badge, Group, Text } from "@mantine/core";
import type { Tool } from "../../api/types";
import { count, duration } from "../../parts/formats";
import { RouteLink } from "../../parts/RouteLink";
import type { Scope } from "../../parts/ScopeFilters";
import { type Column, SortableTable } from "../../parts/SortableTable";
import { failureShare, percent, titleOf } from "./tools";

const time = (ms: number | null) => (ms === null ? "–" : duration(ms));

function columns(filters: Scope): Column<Tool>[] {
  return [
    {
      key: "name",
      title: "Tool",
      header: true,
      value: titleOf,
      cell: (tool) => (
        <Group gap="xs" wrap="nowrap">
          <RouteLink to="/sessions" search={{ ...filters, tool: tool.name }} fz="sm">
            {tool.name}
          </RouteLink>
          {tool.kind === "mcp" && (
            <Badge variant="default" tt="none" fw={400}>
              MCP {tool.server_label}
            </Badge>
          )}
        </Group>
      ),
    },
    {
      key: "calls",
      title: "Calls",
      numeric: true,
      value: (tool) => tool.calls,
      cell: (tool) => count(tool.calls),
    },
    {
      key: "failed",
      title: "Failed",
      numeric: true,
      value: (tool) => tool.failed,
      cell: (tool) =>
        tool.failed > 0 ? (
          <Text span fz="sm" c="var(--mantine-color-error)" fw={600}>
            {count(tool.failed)}
          </Text>
        ) : (
          "0"
        ),
    },
    {
      key: "share",
      title: "Failed %",
      numeric: true,
      value: failureShare,
      cell: (tool) => percent(failureShare(tool)),
    },
    {
      key: "unanswered",
      title: "No answer",
      numeric: true,
      value: (tool) => tool.unanswered,
      cell: (tool) => count(tool.unanswered),
    },
    {
      key: "p50",
      title: "p50",
      numeric: true,
      value: (tool) => tool.p50_ms,
      cell: (tool) => time(tool.p50_ms),
    },
    {
      key: "p95",
      title: "p95",
      numeric: true,
      value: (tool) => tool.p95_ms,
      cell: (tool) => time(tool.p95_ms),
    },
    {
      key: "max",
      title: "Longest",
      numeric: true,
      value: (tool) => tool.max_ms,
      cell: (tool) => time(tool.max_ms),
    },
  ];
}

/** Each tool with its figures; its name leads to the sessions that call it. */
export function ToolsTable({ tools, filters }: { tools: readonly Tool[]; filters: Scope }) {
  return (
    <SortableTable
      caption="Tools by calls, failures and latency"
      columns={columns(filters)}
      rows={tools}
      rowKey={(tool) => `${tool.kind} ${titleOf(tool)}`}
      order={{ key: "calls", down: true }}
    />
  );
}
