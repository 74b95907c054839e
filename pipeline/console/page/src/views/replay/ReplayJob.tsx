import { Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Job } from "../../api/types";
import { Failure } from "../../parts/Failure";
import { count, duration, fullTime } from "../../parts/formats";
import { LiveBadge } from "../../parts/LiveBadge";
import { Loading } from "../../parts/Loading";
import { Notice } from "../../parts/Notice";
import { RouteLink } from "../../parts/RouteLink";
import { View } from "../../parts/View";
import { Cancel } from "./Cancel";
import { Difference } from "./Difference";
import { JobState } from "./JobState";
import { ENDED, job as jobQuery, purpose } from "./jobs";
import { Resume } from "./Resume";
import { replayJobRoute } from "./route";
import { Share } from "./Share";
import { useJobs } from "./useJobs";

/** One job: how far it is, what it reads and writes, and how it ended. */
export function ReplayJob() {
  useJobs();
  const { jobId } = replayJobRoute.useParams();
  const job = useQuery(jobQuery(jobId));
  return (
    <View title={`Replay ${jobId}`} aside={<LiveBadge />}>
      <RouteLink to="/replay" fz="sm">
        All replays
      </RouteLink>
      {job.data ? (
        <Content job={job.data} />
      ) : job.error ? (
        <Failure error={job.error} retry={() => job.refetch()} />
      ) : (
        <Loading />
      )}
    </View>
  );
}

function Content({ job }: { job: Job }) {
  return (
    <Stack gap="lg">
      <Paper withBorder p="md">
        <Stack gap="sm">
          <Group justify="space-between">
            <Group gap="sm" role="status">
              <JobState state={job.state} />
              <Text fw={600}>{purpose(job)}</Text>
            </Group>
            {!ENDED.has(job.state) && (
              <Group gap="xs">
                {job.state === "interrupted" && <Resume job={job} />}
                <Cancel job={job} />
              </Group>
            )}
          </Group>
          <Share
            share={ENDED.has(job.state) && job.state === "done" ? 1 : job.share}
            running={job.state === "running"}
          />
          {job.error && (
            <Notice colour="red" title="It failed" role="alert">
              {job.error}
            </Notice>
          )}
          {job.state === "interrupted" && (
            <Notice colour="yellow" title="Nobody works on it">
              Whoever did was stopped. Nothing is lost or written twice: it can be gone on with, here or by{" "}
              <code>itemstream replay resume {job.id}</code>.
            </Notice>
          )}
          <Facts job={job} />
        </Stack>
      </Paper>
      {job.kind === "difference" && <Difference job={job} />}
      {job.kind === "topics" && job.state === "done" && (
        <Text fz="sm">
          Read them like the live ones: <code>itemstream tail --prefix {job.target}</code>. They are yours to
          delete.
        </Text>
      )}
    </Stack>
  );
}

function Facts({ job }: { job: Job }) {
  const { selection } = job;
  const took = job.ended_at === null ? null : Date.parse(job.ended_at) - Date.parse(job.started_at);
  const facts: [string, string | null][] = [
    ["Events to read", count(job.events)],
    [job.kind === "difference" ? "Records found different" : "Records written", count(job.outputs)],
    ["Started", `${fullTime(job.started_at)} by ${job.who}`],
    ["Ended", job.ended_at && `${fullTime(job.ended_at)}${took === null ? "" : `, after ${duration(took)}`}`],
    ["Since", selection.since && fullTime(selection.since)],
    ["Until", selection.until && fullTime(selection.until)],
    ["Sessions", selection.sessions.join(", ") || "all"],
    ["Event types", selection.event_types.join(", ") || "all"],
  ];
  return (
    <SimpleGrid component="dl" cols={{ base: 1, xs: 2, md: 4 }} m={0} spacing="sm">
      {facts
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <Text component="dt" fz="xs" c="dimmed">
              {name}
            </Text>
            <Text component="dd" m={0} fz="sm" style={{ overflowWrap: "anywhere" }}>
              {value}
            </Text>
          </div>
        ))}
    </SimpleGrid>
  );
}
