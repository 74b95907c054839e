import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { get } from "../../api/client";
import type { Job, Jobs } from "../../api/types";

export const jobs = queryOptions({
  queryKey: ["replays"],
  queryFn: ({ signal }) => get<Jobs>("/api/replays", {}, signal),
});

export const job = (id: string) =>
  queryOptions({
    queryKey: ["replay", id],
    queryFn: ({ signal }) => get<Job>(`/api/replays/${encodeURIComponent(id)}`, {}, signal),
  });

/** Puts a job as it stands now where it is shown: in the list, and on its own page. */
export function keep(client: QueryClient, changed: Job): void {
  client.setQueryData(job(changed.id).queryKey, changed);
  client.setQueryData(jobs.queryKey, (known) => {
    if (known === undefined) return known;
    const others = known.jobs.filter((one) => one.id !== changed.id);
    return { jobs: [changed, ...others].sort((one, other) => (one.started_at < other.started_at ? 1 : -1)) };
  });
}

export const ENDED: ReadonlySet<Job["state"]> = new Set(["done", "failed", "cancelled"]);

export const STATES: Record<Job["state"], { title: string; colour: string }> = {
  running: { title: "running", colour: "blue" },
  interrupted: { title: "interrupted", colour: "yellow" },
  done: { title: "done", colour: "teal" },
  failed: { title: "failed", colour: "red" },
  cancelled: { title: "cancelled", colour: "gray" },
};

/** What a job is for, in words. */
export function purpose({ kind, target }: Pick<Job, "kind" | "target">): string {
  const told: Record<Job["kind"], string> = {
    topics: `to topics ${target}.…`,
    files: `to files in ${target}`,
    "in-place": "in place",
    difference: "preview of the difference",
  };
  return told[kind];
}
