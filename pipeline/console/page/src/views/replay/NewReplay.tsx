import { Button, Group, Paper, Radio, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post } from "../../api/client";
import { me } from "../../api/queries";
import type { Job, ReplayRequest } from "../../api/types";
import { Code } from "../../parts/Code";
import { Failure } from "../../parts/Failure";
import { mayNot } from "../../parts/may";
import { View } from "../../parts/View";
import { keep } from "./jobs";
import { command, type Order, request, wrongPrefix, wrongTime } from "./order";
import { newReplayRoute } from "./route";

const TYPES = [
  "conversation.item.done",
  "conversation.item.input_audio_transcription.completed",
  "conversation.item.truncated",
  "response.output_item.done",
  "response.done",
];

/** What to replay and where to. All that is said must hold; nothing said is everything. */
export function NewReplay() {
  const asked = newReplayRoute.useSearch();
  const { data: who } = useQuery(me);
  const navigate = newReplayRoute.useNavigate();
  const client = useQueryClient();
  const [kind, setKind] = useState<ReplayRequest["kind"]>("difference");
  const [tried, setTried] = useState(false);
  const [order, setOrder] = useState<Order>({
    since: asked.since ?? "",
    until: asked.until ?? "",
    sessions: asked.session ? [asked.session] : [],
    eventTypes: [],
    toPrefix: "",
  });
  const set = (changed: Partial<Order>) => setOrder({ ...order, ...changed });
  const start = useMutation({
    mutationFn: () => post<Job>("/api/replays", request(kind, order)),
    onSuccess: (job) => {
      keep(client, job);
      navigate({ to: "/replay/$jobId", params: { jobId: job.id } });
    },
  });
  const live = who?.prefix ?? "";
  const wrong = {
    since: wrongTime(order.since),
    until: wrongTime(order.until),
    toPrefix: kind === "topics" ? wrongPrefix(order.toPrefix, live) : null,
  };
  const shown = (text: string | null) => (tried ? text : null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.values(wrong).every((text) => text === null)) start.mutate();
  };
  const refused = mayNot(who, "replay");
  if (refused) {
    return (
      <View title="New replay">
        <Text>{refused}</Text>
      </View>
    );
  }
  return (
    <View title="New replay">
      <Paper component="form" withBorder p="md" maw={760} onSubmit={submit} noValidate>
        <Stack>
          <Radio.Group
            label="What for"
            value={kind}
            onChange={(value) => setKind(value as ReplayRequest["kind"])}
          >
            <Stack gap="xs" mt="xs">
              <Radio
                value="difference"
                label="Preview the difference"
                description="What this release would make otherwise than what the topics hold. Writes nothing."
              />
              <Radio
                value="topics"
                label="Into topics of their own"
                description="Topics like the live ones, with another prefix. The live topics stay as they are."
              />
            </Stack>
          </Radio.Group>
          {kind === "topics" && (
            <TextInput
              label="Prefix of the topics"
              placeholder={`${live}-v2`}
              required
              value={order.toPrefix}
              onChange={(event) => set({ toPrefix: event.currentTarget.value.trim() })}
              error={shown(wrong.toPrefix)}
            />
          )}
          <Group grow align="start">
            <TextInput
              label="Since"
              placeholder="2h"
              value={order.since}
              onChange={(event) => set({ since: event.currentTarget.value.trim() })}
              error={shown(wrong.since)}
            />
            <TextInput
              label="Until"
              placeholder="now"
              value={order.until}
              onChange={(event) => set({ until: event.currentTarget.value.trim() })}
              error={shown(wrong.until)}
            />
          </Group>
          <TagsInput
            label="Sessions"
            description="All sessions where none is named. A session is always run whole."
            value={order.sessions}
            onChange={(sessions) => set({ sessions })}
            acceptValueOnBlur
          />
          <TagsInput
            label="Event types"
            description="Only what events of these types bring out."
            data={TYPES}
            value={order.eventTypes}
            onChange={(eventTypes) => set({ eventTypes })}
            acceptValueOnBlur
          />
          <div>
            <Text fz="sm" mb={4}>
              The same in a terminal
            </Text>
            <Code label="command" value={command(kind, order)} />
          </div>
          {start.error && <Failure error={start.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={start.isPending}>
              {kind === "difference" ? "Preview the difference" : "Start the replay"}
            </Button>
          </Group>
        </Stack>
      </Paper>
    </View>
  );
}
