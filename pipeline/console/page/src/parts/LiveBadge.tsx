import { Badge, Tooltip } from "@mantine/core";
import { type StreamState, useStreamState } from "../api/stream";

const SAYS: Record<StreamState, [color: string, text: string, why: string]> = {
  off: ["gray", "Paused", "Nothing is updated while this tab is hidden"],
  connecting: ["gray", "Connecting", "The connection for live updates is being made"],
  live: ["teal", "Live", "Updates come as they happen"],
  broken: ["red", "Offline", "The console cannot be reached; it is tried again"],
};

/** Whether what is on the screen follows what happens. */
export function LiveBadge() {
  const [color, text, why] = SAYS[useStreamState()];
  return (
    <Tooltip label={why}>
      <Badge variant="dot" color={color} role="status" tt="none" size="lg" data-live={text}>
        {text}
      </Badge>
    </Tooltip>
  );
}
