import { Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { me } from "../../../api/queries";
import type { RawEvent } from "../../../api/types";
import { Code } from "../../../parts/Code";
import { Empty } from "../../../parts/Empty";
import { Failure } from "../../../parts/Failure";
import { Loading } from "../../../parts/Loading";
import { Moment } from "../../../parts/Moment";
import { eventsQuery } from "../queries";

/** The provider's events behind an item, as they came. */
export function RawEvents({ sessionId, id }: { sessionId: string; id: string }) {
  const allowed = useQuery(me).data?.features.raw_events ?? true;
  const { data, error, refetch } = useQuery({ ...eventsQuery(sessionId, id), enabled: allowed });
  if (!allowed)
    return <Empty title="Raw events are switched off">This console was started without them.</Empty>;
  if (error) return <Failure error={error} retry={refetch} />;
  if (data === undefined) return <Loading rows={3} height={90} />;
  return (
    <Stack gap="md">
      {data.note && (
        <Text size="sm" c="dimmed">
          {data.note}
        </Text>
      )}
      {data.events.length === 0 && (
        <Empty title="No events">They may be older than what the input topic keeps.</Empty>
      )}
      {data.events.map((event) => (
        <OneEvent key={`${event.partition}:${event.offset}`} event={event} />
      ))}
    </Stack>
  );
}

function OneEvent({ event }: { event: RawEvent }) {
  const place = `${event.topic} ${event.partition}:${event.offset}`;
  return (
    <div>
      <Group justify="space-between" gap="xs" mb={2}>
        <Text size="sm" fw={600}>
          {event.event_type ?? "no type"}
        </Text>
        <Moment at={event.at} />
      </Group>
      <Text size="xs" c="dimmed" mb={4}>
        {place}
      </Text>
      <Code value={pretty(event.value)} label={`event ${place}`} lines={24} />
    </div>
  );
}

/** JSON with line breaks; anything else as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
