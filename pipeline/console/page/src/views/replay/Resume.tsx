import { Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { post } from "../../api/client";
import { me } from "../../api/queries";
import type { Job } from "../../api/types";
import { mayNot } from "../../parts/may";
import { keep } from "./jobs";

/** Has a job worked on that nobody works on. */
export function Resume({ job }: { job: Job }) {
  const client = useQueryClient();
  const refused = mayNot(useQuery(me).data, "replay");
  const resume = useMutation({
    mutationFn: () => post<Job>(`/api/replays/${encodeURIComponent(job.id)}/resume`),
    onSuccess: (changed) => keep(client, changed),
  });
  if (refused !== null) return null;
  return (
    <>
      {resume.error && (
        <Text role="alert" fz="sm" c="var(--mantine-color-error)">
          {resume.error.message}
        </Text>
      )}
      <Button size="xs" loading={resume.isPending} onClick={() => resume.mutate()}>
        Go on
      </Button>
    </>
  );
}
