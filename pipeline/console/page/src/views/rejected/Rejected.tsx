import { Anchor, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "../../api/client";
import { useStream } from "../../api/stream";
import type { RejectedList } from "../../api/types";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { LiveBadge } from "../../parts/LiveBadge";
import { Loading } from "../../parts/Loading";
import { More } from "../../parts/More";
import { View } from "../../parts/View";
import { Reasons } from "./Reasons";
import { Record } from "./Record";
import { Redrive } from "./Redrive";
import { rejectedRoute } from "./route";

/** What could not be used: why, which part is wrong, and sending it again. */
export function Rejected() {
  const { reason } = rejectedRoute.useSearch();
  const navigate = rejectedRoute.useNavigate();
  const list = useRejected(reason);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const pages = list.data?.pages ?? [];
  const records = pages.flatMap((page) => page.rejected);
  const reasons = pages[0]?.reasons ?? [];
  const choose = (id: string, yes: boolean) => {
    const changed = new Set(chosen);
    if (yes) changed.add(id);
    else changed.delete(id);
    setChosen(changed);
  };
  const show = (named: string | undefined) => {
    setChosen(new Set());
    navigate({ search: { reason: named }, replace: true });
  };
  return (
    <View title="Rejected" aside={<LiveBadge />}>
      {list.error ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : list.isPending ? (
        <Loading />
      ) : reasons.length === 0 ? (
        <Empty title="Nothing was rejected">
          Events that the worker cannot use would be here, with the reason, and could be sent again.
        </Empty>
      ) : (
        <Stack gap="lg">
          <Reasons reasons={reasons} chosen={reason} onChoose={show} />
          <Redrive
            key={reason ?? ""}
            reason={reason}
            count={reasons.find((one) => one.reason === reason)?.count}
            chosen={chosen}
            onDone={() => setChosen(new Set())}
          />
          {records.length === 0 ? (
            <Text c="dimmed">
              Nothing is rejected for {reason} any more.{" "}
              <Anchor component="button" type="button" onClick={() => show(undefined)}>
                Show all reasons
              </Anchor>
            </Text>
          ) : (
            <Stack
              component="ol"
              gap="sm"
              p={0}
              m={0}
              style={{ listStyle: "none" }}
              aria-label="Rejected records"
            >
              {records.map((record) => (
                <Record
                  key={record.id}
                  record={record}
                  chosen={chosen.has(record.id)}
                  onChoose={(yes) => choose(record.id, yes)}
                />
              ))}
            </Stack>
          )}
          <More query={list} />
        </Stack>
      )}
    </View>
  );
}

/** The list, page by page; asked for anew when the stream tells of more. */
function useRejected(reason: string | undefined) {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ["rejected"] });
  useStream("rejected", again, { missed: again });
  return useInfiniteQuery({
    queryKey: ["rejected", reason ?? null],
    queryFn: ({ pageParam, signal }) =>
      get<RejectedList>("/api/rejected", { reason, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}
