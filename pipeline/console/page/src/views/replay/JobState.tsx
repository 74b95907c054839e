import { Badge } from "@mantine/core";
import type { Job } from "../../api/types";
import { STATES } from "./jobs";

export function JobState({ state }: { state: Job["state"] }) {
  const { title, colour } = STATES[state];
  return (
    <Badge miw="max-content" variant="dot" color={colour} tt="none" data-job-state={state}>
      {title}
    </Badge>
  );
}
