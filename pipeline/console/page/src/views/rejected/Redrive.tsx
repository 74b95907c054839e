import { Button, Checkbox, Group, Modal, Paper, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "../../api/client";
import { me } from "../../api/queries";
import type { Redrive as Answer } from "../../api/types";
import { Failure } from "../../parts/Failure";
import { plural, count as written } from "../../parts/formats";
import { mayNot } from "../../parts/may";
import { Outcomes } from "./Outcomes";

interface Props {
  reason: string | undefined;
  /** How many records have that reason. */
  count: number | undefined;
  chosen: ReadonlySet<string>;
  onDone: () => void;
}

/** Sending rejected records again: first a dry run, then, once confirmed, for real. Each is sent once, whatever happens. */
export function Redrive({ reason, count, chosen, onDone }: Props) {
  const client = useQueryClient();
  const [all, setAll] = useState(false);
  const [asking, question] = useDisclosure(false);
  const { data: who } = useQuery(me);
  const whole = all && reason !== undefined;
  const meant = whole ? (count ?? 0) : chosen.size;
  const run = useMutation({
    mutationFn: (dryRun: boolean) =>
      post<Answer>("/api/rejected/redrive", {
        ids: whole ? null : [...chosen],
        reason: whole ? reason : null,
        dry_run: dryRun,
      }),
    onSuccess: (answer) => {
      if (answer.dry_run) return;
      setAll(false);
      onDone();
      client.invalidateQueries({ queryKey: ["rejected"] });
    },
    onSettled: question.close,
  });
  const refused = mayNot(who, "redrive");
  const off = refused !== null || meant === 0 || run.isPending;
  return (
    <Paper withBorder p="md" component="section" aria-label="Redrive">
      <Stack gap="sm">
        <Group justify="space-between">
          <Text fz="sm">
            {meant > 0 ? `${plural(meant, "record")} chosen` : "Records that were chosen can be sent again."}
          </Text>
          <Group gap="xs">
            <Button
              variant="default"
              disabled={off}
              loading={run.isPending && run.variables}
              onClick={() => run.mutate(true)}
            >
              Dry run
            </Button>
            <Button disabled={off} onClick={question.open}>
              Redrive …
            </Button>
          </Group>
        </Group>
        {reason !== undefined && refused === null && (
          <Checkbox
            checked={all}
            onChange={(event) => setAll(event.currentTarget.checked)}
            label={`Every record with the reason ${reason} (${written(count ?? 0)}), also those not shown here`}
          />
        )}
        {refused && (
          <Text fz="sm" c="dimmed">
            {refused}
          </Text>
        )}
        {run.error && <Failure error={run.error} />}
        {run.data && <Outcomes answer={run.data} />}
      </Stack>
      <Modal
        opened={asking}
        onClose={question.close}
        title="Send them again?"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Stack>
          <Text fz="sm">
            {plural(meant, "record")} will be written to the topics and partitions they came from, each in one
            transaction with a marker: none is sent twice, and what was redriven before is left alone. The
            worker then takes them as it takes any late event. This cannot be taken back, and is written down
            in the audit.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={question.close}>
              Leave it
            </Button>
            <Button data-autofocus loading={run.isPending} onClick={() => run.mutate(false)}>
              Redrive {plural(meant, "record")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Paper>
  );
}
