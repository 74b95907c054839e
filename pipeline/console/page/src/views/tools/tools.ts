import type { Tool } from "../../api/types";

/** A tool's name, with its server where it has one. */
export function titleOf({ server_label, name }: Pick<Tool, "server_label" | "name">): string {
  return server_label === null ? name : `${server_label} / ${name}`;
}

export const failureShare = (tool: Tool): number => (tool.calls > 0 ? tool.failed / tool.calls : 0);

/** `0 %`, `0.4 %`, `12 %`. */
export function percent(share: number): string {
  const hundredths = share * 100;
  return `${hundredths === 0 || hundredths >= 10 ? Math.round(hundredths) : hundredths.toFixed(1)} %`;
}
