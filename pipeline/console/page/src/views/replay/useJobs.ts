import { useQueryClient } from "@tanstack/react-query";
import { useStream } from "../../api/stream";
import { keep } from "./jobs";

/** Follows every job while the component is there. */
export function useJobs(): void {
  const client = useQueryClient();
  const again = () => {
    client.invalidateQueries({ queryKey: ["replays"] });
    client.invalidateQueries({ queryKey: ["replay"] });
  };
  useStream("replay", (changed) => keep(client, changed), { missed: again });
}
