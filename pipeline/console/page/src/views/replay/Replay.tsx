import { Button, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createLink } from "@tanstack/react-router";
import { me } from "../../api/queries";
import type { Job } from "../../api/types";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { count } from "../../parts/formats";
import { Loading } from "../../parts/Loading";
import { Moment } from "../../parts/Moment";
import { mayNot } from "../../parts/may";
import { RouteLink } from "../../parts/RouteLink";
import { View } from "../../parts/View";
import { Wide } from "../../parts/Wide";
import { JobState } from "./JobState";
import { jobs, purpose } from "./jobs";
import { Share } from "./Share";
import { useJobs } from "./useJobs";

const ButtonLink = createLink(Button<"a">);

/** The replay jobs of this prefix, whoever started them, from here or from a terminal. */
export function Replay() {
  useJobs();
  const all = useQuery(jobs);
  const refused = mayNot(useQuery(me).data, "replay");
  const start = refused === null && (
    <ButtonLink component="a" to="/replay/new">
      New replay
    </ButtonLink>
  );
  return (
    <View title="Replay" aside={start}>
      {refused && (
        <Text fz="sm" c="dimmed">
          {refused}
        </Text>
      )}
      {all.error ? (
        <Failure error={all.error} retry={() => all.refetch()} />
      ) : all.isPending ? (
        <Loading />
      ) : all.data.jobs.length === 0 ? (
        <Empty title="Nothing was replayed yet">
          A replay runs events of the past through the worker's core again: to see what another release would
          make of them, or to have it in topics of their own. The live topics stay as they are.
        </Empty>
      ) : (
        <Wide label="Replay jobs">
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                {["Job", "State", "Done", "What", "Events", "Started", "By"].map((title) => (
                  <Table.Th key={title} scope="col" ta={title === "Events" ? "right" : undefined}>
                    {title}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {all.data.jobs.map((job) => (
                <Row key={job.id} job={job} />
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
    </View>
  );
}

function Row({ job }: { job: Job }) {
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <RouteLink to="/replay/$jobId" params={{ jobId: job.id }} fz="sm" style={{ whiteSpace: "nowrap" }}>
          {job.id}
        </RouteLink>
      </Table.Th>
      <Table.Td>
        <JobState state={job.state} />
      </Table.Td>
      <Table.Td miw={150}>
        <Share share={job.share} running={job.state === "running"} />
      </Table.Td>
      <Table.Td>{purpose(job)}</Table.Td>
      <Table.Td ta="right">{count(job.events)}</Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        <Moment at={job.started_at} />
      </Table.Td>
      <Table.Td>{job.who}</Table.Td>
    </Table.Tr>
  );
}
