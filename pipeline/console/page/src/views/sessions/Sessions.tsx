import { Affix, Button, Group, Transition, VisuallyHidden } from "@mantine/core";
import IconArrowUp from "@tabler/icons-react/icons/IconArrowUp";
import { useCallback } from "react";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { plural } from "../../parts/formats";
import { LiveBadge } from "../../parts/LiveBadge";
import { Loading } from "../../parts/Loading";
import { View } from "../../parts/View";
import { type Filters, sessionsRoute } from "./route";
import { SessionFilters } from "./SessionFilters";
import { SessionRows } from "./SessionRows";
import { useSessions } from "./useSessions";

const atTop = () => window.scrollY < 40;

export function Sessions() {
  const filters = sessionsRoute.useSearch();
  const navigate = sessionsRoute.useNavigate();
  const change = useCallback(
    (patch: Filters) =>
      navigate({ search: (before) => ({ ...before, ...patch }), replace: true, resetScroll: false }),
    [navigate],
  );
  const list = useSessions(filters, atTop);
  const filtered = Object.values(filters).some((value) => value !== undefined);
  const showFresh = () => list.showFresh().then(() => window.scrollTo({ top: 0 }));

  return (
    <View title="Sessions" aside={<LiveBadge />}>
      <SessionFilters filters={filters} change={change} />
      <Fresh count={list.fresh} show={showFresh} />
      {list.isPending ? (
        <Loading rows={8} height={64} />
      ) : list.error && list.sessions.length === 0 ? (
        <Failure error={list.error} retry={() => list.refetch()} />
      ) : list.sessions.length === 0 ? (
        <NoSessions filtered={filtered} />
      ) : (
        <SessionRows
          sessions={list.sessions}
          more={list.hasNextPage}
          loadMore={list.fetchNextPage}
          busy={list.isFetchingNextPage}
        />
      )}
    </View>
  );
}

/** Tells of what is new without pushing away what is being read; a screen reader hears the same, once. */
function Fresh({ count, show }: { count: number; show: () => void }) {
  return (
    <>
      <VisuallyHidden role="status">{count > 0 ? "There are new sessions" : ""}</VisuallyHidden>
      <Affix position={{ top: 62, left: 0, right: 0 }} zIndex={90} style={{ pointerEvents: "none" }}>
        <Transition mounted={count > 0} transition="slide-down">
          {(style) => (
            <Group justify="center" style={style}>
              <Button
                radius="xl"
                size="xs"
                style={{ pointerEvents: "auto" }}
                leftSection={<IconArrowUp size={14} aria-hidden />}
                onClick={show}
              >
                {plural(count, "new session")}
              </Button>
            </Group>
          )}
        </Transition>
      </Affix>
    </>
  );
}

function NoSessions({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="No session matches">Take away a filter, or look at a longer time.</Empty>
  ) : (
    <Empty title="No sessions yet">
      As soon as the worker writes a finished item, its session appears here. To see some:{" "}
      <code>itemstream simulate</code>.
    </Empty>
  );
}
