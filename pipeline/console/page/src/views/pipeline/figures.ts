import type { Pipeline } from "../../api/types";
import { count } from "../../parts/formats";

/** `0/s`, `0.4/s`, `1,234/s`. */
export function rate(perSecond: number): string {
  return `${perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : count(Math.round(perSecond))}/s`;
}

/** How the name of the topic of sessions' state ends. */
const STATE = "-sessions-changelog";

export interface Totals {
  lag: number;
  /** Seconds the oldest record that waits has waited; null where that is not known. */
  oldest: number | null;
  /** Records a second into the workers, and out of them. */
  read: number;
  written: number;
}

export function totals({ nodes, edges, partitions }: Pipeline): Totals {
  const workers = new Set(nodes.filter((node) => node.kind === "worker").map((node) => node.id));
  // What the worker keeps for itself is no output.
  const state = new Set(nodes.filter((node) => node.title.endsWith(STATE)).map((node) => node.id));
  const sum = (rates: number[]) => rates.reduce((total, one) => total + one, 0);
  const ages = partitions.map((one) => one.lag_seconds).filter((age) => age !== null);
  return {
    lag: sum(partitions.map((one) => one.lag)),
    oldest: ages.length > 0 ? Math.max(...ages) : null,
    read: sum(edges.filter((edge) => workers.has(edge.to)).map((edge) => edge.rate)),
    written: sum(
      edges.filter((edge) => workers.has(edge.from) && !state.has(edge.to)).map((edge) => edge.rate),
    ),
  };
}
