import { Badge, Checkbox, Group, Paper, Text } from "@mantine/core";
import type { Rejected } from "../../api/types";
import { Moment } from "../../parts/Moment";
import { RouteLink } from "../../parts/RouteLink";
import { MarkedValue } from "./MarkedValue";

interface Props {
  record: Rejected;
  chosen: boolean;
  onChoose: (yes: boolean) => void;
}

/** One rejected record: why, of which session, from where, and its value with the wrong part marked. */
export function Record({ record, chosen, onChoose }: Props) {
  const { original } = record;
  return (
    <Paper component="li" withBorder p="sm" data-record={record.id}>
      <Group gap="sm" mb="xs" justify="space-between">
        <Group gap="sm">
          <Checkbox
            checked={chosen}
            onChange={(event) => onChoose(event.currentTarget.checked)}
            aria-label={`Choose record ${record.id}`}
          />
          <Badge variant="default" tt="none">
            {record.reason}
          </Badge>
          <Text fz="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
            {record.message || "no message"}
          </Text>
          {record.redriven > 0 && (
            <Badge color="teal" variant="dot" tt="none">
              {record.redriven === 1 ? "redriven" : `redriven ${record.redriven} times`}
            </Badge>
          )}
        </Group>
        <Moment at={record.at} />
      </Group>
      <MarkedValue
        value={record.value}
        mark={record.mark}
        binary={record.binary}
        truncated={record.truncated}
        message={record.message}
      />
      <Group gap="md" mt="xs">
        <Text fz="sm" c="dimmed">
          Record {record.id}
        </Text>
        {original && (
          <Text fz="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            from {original.topic}, partition {original.partition}, offset {original.offset}
          </Text>
        )}
        {record.session_id && (
          <RouteLink
            to="/sessions/$sessionId"
            params={{ sessionId: record.session_id }}
            fz="sm"
            style={{ overflowWrap: "anywhere" }}
          >
            Session {record.session_id}
          </RouteLink>
        )}
      </Group>
    </Paper>
  );
}
