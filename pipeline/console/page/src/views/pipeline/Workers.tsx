import type { Pipeline } from "../../api/types";
import { Empty } from "../../parts/Empty";
import { type Column, SortableTable } from "../../parts/SortableTable";

type Worker = Pipeline["workers"][number];

const COLUMNS: Column<Worker>[] = [
  { key: "id", title: "Worker", header: true, value: (worker) => worker.id },
  { key: "host", title: "Host", value: (worker) => worker.host.replace(/^\//, "") },
  { key: "many", title: "Partitions", numeric: true, value: (worker) => worker.partitions.length },
  {
    key: "which",
    title: "Which",
    value: (worker) => worker.partitions[0] ?? null,
    cell: (worker) => worker.partitions.join(", ") || "none",
  },
];

/** The worker's processes, as Kafka knows them. */
export function Workers({ workers }: { workers: readonly Worker[] }) {
  if (workers.length === 0) {
    return (
      <Empty title="No worker runs">Start one: `itemstream worker`. Events wait for it meanwhile.</Empty>
    );
  }
  return (
    <SortableTable
      caption="Processes of the worker"
      columns={COLUMNS}
      rows={workers}
      rowKey={(worker) => worker.id}
      order={{ key: "id", down: false }}
    />
  );
}
