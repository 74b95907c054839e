import type { PartitionState, Pipeline } from "../../api/types";
import { Empty } from "../../parts/Empty";
import { count, duration } from "../../parts/formats";
import { type Column, SortableTable } from "../../parts/SortableTable";

const whole = (value: number | null) => (value === null ? "–" : count(value));

function columns(hosts: ReadonlyMap<string, string>): Column<PartitionState>[] {
  return [
    {
      key: "partition",
      title: "Partition",
      header: true,
      numeric: false,
      value: (one) => one.partition,
      cell: (one) => `${one.topic} ${one.partition}`,
    },
    { key: "end", title: "End", numeric: true, value: (one) => one.end, cell: (one) => count(one.end) },
    {
      key: "committed",
      title: "Committed",
      numeric: true,
      value: (one) => one.committed,
      cell: (one) => whole(one.committed),
    },
    { key: "lag", title: "Waiting", numeric: true, value: (one) => one.lag, cell: (one) => count(one.lag) },
    {
      key: "age",
      title: "Oldest waits for",
      numeric: true,
      value: (one) => one.lag_seconds,
      cell: (one) => (one.lag_seconds === null ? "–" : duration(one.lag_seconds * 1000)),
    },
    {
      key: "worker",
      title: "Worker",
      value: (one) => one.worker,
      cell: (one) => (one.worker === null ? "nobody" : (hosts.get(one.worker) ?? one.worker)),
    },
  ];
}

/** Each input partition: how far it is read, and by whom. */
export function Partitions({ partitions, workers }: Pick<Pipeline, "partitions" | "workers">) {
  if (partitions.length === 0) {
    return (
      <Empty title="No partitions">The input topic is not there: `itemstream topics apply` makes it.</Empty>
    );
  }
  const hosts = new Map(workers.map(({ id, host }) => [id, `${id} on ${host.replace(/^\//, "")}`]));
  return (
    <SortableTable
      caption="Input partitions"
      columns={columns(hosts)}
      rows={partitions}
      rowKey={(one) => `${one.topic} ${one.partition}`}
      order={{ key: "partition", down: false }}
    />
  );
}
