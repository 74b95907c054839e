import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { post } from "../../api/client";
import { me } from "../../api/queries";
import type { Job } from "../../api/types";
import { Failure } from "../../parts/Failure";
import { mayNot } from "../../parts/may";
import { keep } from "./jobs";

/** Ends a job for good, once that is confirmed. */
export function Cancel({ job }: { job: Job }) {
  const client = useQueryClient();
  const [asking, question] = useDisclosure(false);
  const refused = mayNot(useQuery(me).data, "replay");
  const cancel = useMutation({
    mutationFn: () => post<Job | undefined>(`/api/replays/${encodeURIComponent(job.id)}/cancel`),
    onSuccess: (changed) => {
      if (changed) keep(client, changed);
      client.invalidateQueries({ queryKey: ["replay", job.id] });
      question.close();
    },
  });
  if (refused !== null) return null;
  return (
    <>
      <Button variant="default" size="xs" onClick={question.open}>
        Cancel the job …
      </Button>
      <Modal
        opened={asking}
        onClose={question.close}
        title="Cancel this replay?"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Stack>
          <Text fz="sm">
            It ends for good, and cannot be gone on with.{" "}
            {job.kind === "topics" && `What it has written to ${job.target}.… stays.`}
          </Text>
          {cancel.error && <Failure error={cancel.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={question.close}>
              Let it run
            </Button>
            <Button color="red" data-autofocus loading={cancel.isPending} onClick={() => cancel.mutate()}>
              Cancel the job
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
