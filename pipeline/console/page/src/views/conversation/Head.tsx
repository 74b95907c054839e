import { Anchor, Badge, Button, Group, Menu, Stack, Text } from "@mantine/core";
import IconArrowLeft from "@tabler/icons-react/icons/IconArrowLeft";
import IconCopy from "@tabler/icons-react/icons/IconCopy";
import { Link } from "@tanstack/react-router";
import type { SessionDetail } from "../../api/types";
import { Copier } from "../../parts/Copier";
import { CopyButton } from "../../parts/CopyButton";
import { duration, fullTime, plural } from "../../parts/formats";
import { failures } from "../sessions/failures";
import { sessionCurl, sessionFixture, sessionJson, sessionLink } from "./copies";

/** Where one came from: the list, as it was filtered. */
export function BackToSessions() {
  return (
    <Anchor component={Link} to="/sessions" size="sm" c="dimmed">
      <Group gap={4} component="span">
        <IconArrowLeft size={14} aria-hidden />
        Sessions
      </Group>
    </Anchor>
  );
}

export function Head({ session, rawEvents }: { session: SessionDetail; rawEvents: boolean }) {
  const errors = failures(session);
  const length =
    session.first_at && session.last_at
      ? duration(Date.parse(session.last_at) - Date.parse(session.first_at))
      : null;
  const facts = [
    session.first_at && fullTime(session.first_at),
    length,
    plural(session.items, "item"),
    plural(session.responses, "response"),
    session.tool_calls > 0 && plural(session.tool_calls, "call"),
    `${plural(session.input_tokens, "token")} in`,
    `${plural(session.output_tokens, "token")} out`,
  ];
  return (
    <Group justify="space-between" align="flex-start" gap="sm">
      <Stack gap={4} flex={1} miw={260}>
        <Group gap={4} wrap="nowrap">
          <Text size="sm" ff="monospace" style={{ overflowWrap: "anywhere" }}>
            {session.session_id}
          </Text>
          <CopyButton text={session.session_id} label="Copy the session's id" />
        </Group>
        <Text size="sm" c="dimmed">
          {[session.provider, session.tenant, session.model].filter(Boolean).join(" · ")}
        </Text>
        <Text size="sm" c="dimmed">
          {facts.filter(Boolean).join(" · ")}
        </Text>
        <Group gap={4}>
          {errors > 0 && (
            <Badge variant="light" color="red" tt="none">
              {plural(errors, "error")}
            </Badge>
          )}
          {session.interrupted > 0 && (
            <Badge variant="light" color="orange" tt="none">
              {session.interrupted} interrupted
            </Badge>
          )}
          {session.rejected > 0 && (
            <Badge variant="light" color="grape" tt="none">
              {session.rejected} rejected
            </Badge>
          )}
        </Group>
      </Stack>
      <CopySession session={session} rawEvents={rawEvents} />
    </Group>
  );
}

function CopySession({ session, rawEvents }: { session: SessionDetail; rawEvents: boolean }) {
  const { session_id: sessionId, total_entries: entries } = session;
  return (
    <Copier>
      {(copy) => (
        <Menu position="bottom-end" width={230}>
          <Menu.Target>
            <Button variant="default" size="sm" leftSection={<IconCopy size={16} aria-hidden />}>
              Copy
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => copy("Link", () => sessionLink(sessionId))}>Copy the link</Menu.Item>
            <Menu.Item onClick={() => copy("JSON", () => sessionJson(sessionId))}>As JSON</Menu.Item>
            <Menu.Item onClick={() => copy("curl", () => sessionCurl(sessionId, entries))}>As curl</Menu.Item>
            <Menu.Item
              onClick={() => copy("Test fixture", () => sessionFixture(sessionId))}
              disabled={!rawEvents}
            >
              As a test fixture
              <Text size="xs" c="dimmed">
                {rawEvents ? "The events, for itemstream process" : "Raw events are switched off"}
              </Text>
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </Copier>
  );
}
