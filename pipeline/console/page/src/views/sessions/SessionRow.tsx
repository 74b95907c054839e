import { Badge, Box, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { SessionSummary } from "../../api/types";
import { count, plural } from "../../parts/formats";
import { Moment } from "../../parts/Moment";
import { failures } from "./failures";
import classes from "./SessionRow.module.css";
import { Snippet } from "./Snippet";

/** One session: how it began, with whom, what was done, and what went wrong. */
export const SessionRow = memo(function SessionRow({ session }: { session: SessionSummary }) {
  const errors = failures(session);
  const facts = [
    plural(session.items, "item"),
    session.tool_calls > 0 && plural(session.tool_calls, "call"),
    session.total_tokens > 0 && plural(session.total_tokens, "token"),
  ].filter(Boolean);
  const who = [session.provider, session.tenant, session.model].filter(Boolean);
  return (
    <Link
      to="/sessions/$sessionId"
      params={{ sessionId: session.session_id }}
      className={classes.row}
      data-focus
      data-session={session.session_id}
      preload={false}
    >
      <Group justify="space-between" wrap="nowrap" gap="md" align="baseline">
        <Text className={classes.preview} fs={session.preview === null ? "italic" : undefined}>
          {session.preview ?? "Nothing was said"}
        </Text>
        <Moment at={session.last_at} className={classes.nowrap} />
      </Group>
      {session.snippet && <Snippet parts={session.snippet} />}
      <Group gap={6} mt={4}>
        <Text size="sm" c="dimmed" className={classes.who}>
          {who.join(" · ")}
        </Text>
        <Text size="sm" c="dimmed">
          {facts.join(" · ")}
        </Text>
        <Box className={classes.flags}>
          {errors > 0 && (
            <Badge variant="light" color="red" tt="none">
              {plural(errors, "error")}
            </Badge>
          )}
          {session.interrupted > 0 && (
            <Badge variant="light" color="orange" tt="none">
              {count(session.interrupted)} interrupted
            </Badge>
          )}
          {session.rejected > 0 && (
            <Badge variant="light" color="grape" tt="none">
              {count(session.rejected)} rejected
            </Badge>
          )}
          {session.tools.slice(0, 3).map((tool) => (
            <Badge key={tool} variant="default" tt="none" fw={500} maw={180}>
              {tool}
            </Badge>
          ))}
          {session.tools.length > 3 && (
            <Badge variant="default" tt="none" fw={500}>
              +{session.tools.length - 3}
            </Badge>
          )}
        </Box>
      </Group>
    </Link>
  );
});
