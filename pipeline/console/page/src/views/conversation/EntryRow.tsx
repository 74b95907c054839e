import { ActionIcon, Badge, Button, Text, Tooltip } from "@mantine/core";
import IconBraces from "@tabler/icons-react/icons/IconBraces";
import { memo } from "react";
import { recordOf } from "../../api/records";
import type { Entry } from "../../api/types";
import { fullTime } from "../../parts/formats";
import { ApprovalAnswerBody, ApprovalBody } from "./bodies/ApprovalBody";
import { FunctionCallBody, FunctionOutputBody, McpCallBody } from "./bodies/CallBody";
import { MessageBody } from "./bodies/MessageBody";
import { AnyBody, ResponseBody, ToolListBody } from "./bodies/OtherBodies";
import { CopyMenu } from "./CopyMenu";
import { offset } from "./clock";
import classes from "./EntryRow.module.css";
import { kindOf } from "./kinds";
import type { Detail } from "./route";

type Props = {
  entry: Entry;
  answer?: Entry;
  startedAt: string | null;
  marked: boolean;
  total: number;
  show: (id: string, detail: Detail) => void;
};

/** When an entry began, by the collector's clock. */
export function beganAt(entry: Entry): string | null {
  const { opened_at, done_at, timing } = entry.record as Record<string, string | null> & {
    timing?: { created_at?: string | null };
  };
  return opened_at ?? timing?.created_at ?? done_at ?? null;
}

/** One entry of a conversation: when, who, what, and the ways to what lies behind it. */
export const EntryRow = memo(function EntryRow({ entry, answer, startedAt, marked, total, show }: Props) {
  const { title, Icon, tone } = kindOf(entry);
  const at = beganAt(entry);
  const since = at !== null && startedAt !== null ? Date.parse(at) - Date.parse(startedAt) : null;
  const heading = `entry-${entry.position}`;
  const deleted = entry.record.deleted === true;
  return (
    <article
      className={classes.entry}
      data-tone={tone}
      data-marked={marked || undefined}
      data-deleted={deleted || undefined}
      data-focus
      data-entry={entry.id}
      tabIndex={-1}
      aria-labelledby={heading}
      aria-posinset={entry.position + 1}
      aria-setsize={total}
    >
      <time
        className={classes.when}
        dateTime={at ?? undefined}
        title={at === null ? undefined : fullTime(at)}
      >
        {since === null ? "" : offset(since)}
      </time>
      <div className={classes.content}>
        <header className={classes.header}>
          <Icon size={16} stroke={1.7} aria-hidden />
          <Text id={heading} component="h2" size="sm" fw={600}>
            {title}
          </Text>
          {deleted && (
            <Badge variant="light" color="red" tt="none">
              Deleted
            </Badge>
          )}
          {entry.revisions > 1 && (
            <Button
              size="compact-xs"
              variant="default"
              fw={500}
              onClick={() => show(entry.id, "revisions")}
              aria-label={`${entry.revisions} revisions of this ${title.toLowerCase()}: step through them`}
            >
              {entry.revisions} revisions
            </Button>
          )}
          <div className={classes.actions}>
            <Tooltip label="Raw events">
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Raw events behind this ${title.toLowerCase()}`}
                onClick={() => show(entry.id, "events")}
              >
                <IconBraces size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
            <CopyMenu entry={entry} title={title} open={() => show(entry.id, "record")} />
          </div>
        </header>
        <div className={classes.body}>
          <Body entry={entry} answer={answer} />
        </div>
      </div>
    </article>
  );
});

function Body({ entry, answer }: { entry: Entry; answer?: Entry }) {
  const message = recordOf(entry, "message");
  if (message) return <MessageBody record={message} />;
  const call = recordOf(entry, "function_call");
  if (call) return <FunctionCallBody call={call} output={recordOf(answer, "function_call_output")} />;
  const output = recordOf(entry, "function_call_output");
  if (output) return <FunctionOutputBody output={output} />;
  const mcp = recordOf(entry, "mcp_call");
  if (mcp) return <McpCallBody call={mcp} />;
  const request = recordOf(entry, "mcp_approval_request");
  if (request) return <ApprovalBody request={request} answer={recordOf(answer, "mcp_approval_response")} />;
  const approval = recordOf(entry, "mcp_approval_response");
  if (approval) return <ApprovalAnswerBody answer={approval} />;
  const tools = recordOf(entry, "mcp_tool_list");
  if (tools) return <ToolListBody list={tools} />;
  const response = recordOf(entry, "response");
  if (response) return <ResponseBody record={response} />;
  return <AnyBody entry={entry} />;
}
