import { Button, VisuallyHidden } from "@mantine/core";
import { useHotkeys, useThrottledValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Problem } from "../../api/client";
import { me } from "../../api/queries";
import { Empty } from "../../parts/Empty";
import { Failure } from "../../parts/Failure";
import { plural } from "../../parts/formats";
import { LiveBadge } from "../../parts/LiveBadge";
import { Loading } from "../../parts/Loading";
import { focusedRow } from "../../parts/useStep";
import { View } from "../../parts/View";
import { Entries, type Scroll } from "./Entries";
import { BackToSessions, Head } from "./Head";
import { placeOf, sessionQuery } from "./queries";
import { conversationRoute, DETAILS, type Detail } from "./route";
import { useFollow } from "./useFollow";
import { useTimeline } from "./useTimeline";

const Details = lazy(() => import("./details/Details"));
const SAYS_AT_MOST_EVERY_MS = 10_000;

export function Conversation() {
  const { sessionId } = conversationRoute.useParams();
  // Another session is another view: nothing of the one before is kept.
  return <OneConversation key={sessionId} sessionId={sessionId} />;
}

function OneConversation({ sessionId }: { sessionId: string }) {
  const { item, show } = conversationRoute.useSearch();
  const navigate = conversationRoute.useNavigate();
  const session = useQuery(sessionQuery(sessionId));
  const rawEvents = useQuery(me).data?.features.raw_events ?? false;
  const timeline = useTimeline(sessionId);
  const scroll = useRef<Scroll>(null);
  const chosenHere = useRef<string | undefined>(undefined);
  const notFound = useDeepLink(sessionId, item, timeline.total > 0, chosenHere, timeline.ensure, scroll);
  const unseen = useFollow(timeline.total, scroll);

  const open = useCallback(
    (id: string, detail: Detail) => {
      chosenHere.current = id;
      navigate({ search: { item: id, show: detail }, replace: true, resetScroll: false });
    },
    [navigate],
  );
  const close = () => navigate({ search: { item }, replace: true, resetScroll: false });
  const onFocused = (detail: Detail) => () => {
    const entry = timeline.entries.get(focusedRow() ?? -1);
    if (entry) open(entry.id, detail);
  };
  useHotkeys([
    ["e", onFocused("events")],
    ["r", onFocused("revisions")],
    ["u", () => navigate({ to: "/sessions" })],
  ]);

  if (session.error instanceof Problem && session.error.status === 404) return <NoSuchSession />;
  const error = session.error ?? timeline.error;
  const entry = [...timeline.entries.values()].find((one) => one.id === item);
  const detail = DETAILS.find((one) => one === show);
  return (
    <View title="Conversation" aside={<LiveBadge />}>
      <BackToSessions />
      {error && <Failure error={error} retry={() => Promise.all([session.refetch(), timeline.refetch()])} />}
      {session.data && <Head session={session.data} rawEvents={rawEvents} />}
      {notFound && (
        <Failure
          error={new Problem(404, "Not in this conversation", `There is no item or response ${item} here.`)}
        />
      )}
      {timeline.isPending ? (
        <Loading rows={6} height={80} />
      ) : timeline.total === 0 ? (
        <Empty title="Nothing yet">The first finished item of this session appears here.</Empty>
      ) : (
        <Entries
          entries={timeline.entries}
          total={timeline.total}
          ensure={timeline.ensure}
          startedAt={session.data?.first_at ?? null}
          marked={item}
          show={open}
          scroll={scroll}
        />
      )}
      <Unseen count={unseen.count} show={unseen.show} />
      {entry && detail && (
        <Suspense>
          <Details sessionId={sessionId} entry={entry} detail={detail} change={open} close={close} />
        </Suspense>
      )}
    </View>
  );
}

/** Brings the item of the address into sight; true where the conversation does not have it. */
function useDeepLink(
  sessionId: string,
  item: string | undefined,
  ready: boolean,
  chosenHere: React.RefObject<string | undefined>,
  ensure: (first: number, last: number) => void,
  scroll: React.RefObject<Scroll | null>,
): boolean {
  const [missing, setMissing] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (item === undefined || !ready || chosenHere.current === item) return;
    let left = false;
    placeOf(sessionId, item).then((position) => {
      if (left) return;
      setMissing(position === undefined ? item : undefined);
      if (position === undefined) return;
      ensure(position, position);
      chosenHere.current = item;
      // Twice: heights are guesses until what is there was measured.
      for (const wait of [0, 150, 400]) {
        window.setTimeout(() => !left && scroll.current?.to(position, "center"), wait);
      }
    });
    return () => {
      left = true;
    };
  }, [sessionId, item, ready, chosenHere, ensure, scroll]);
  return item !== undefined && missing === item;
}

/** New entries below, for eyes; and for ears, not more often than one can listen to. */
function Unseen({ count, show }: { count: number; show: () => void }) {
  const said = useThrottledValue(count, SAYS_AT_MOST_EVERY_MS);
  return (
    <>
      <VisuallyHidden role="status">
        {said > 0 ? `${plural(said, "new entry", "new entries")} at the end` : ""}
      </VisuallyHidden>
      {count > 0 && (
        <Button
          pos="fixed"
          bottom={20}
          left="50%"
          radius="xl"
          size="xs"
          style={{ transform: "translateX(-50%)", zIndex: 90 }}
          onClick={show}
        >
          {plural(count, "new entry", "new entries")} below
        </Button>
      )}
    </>
  );
}

function NoSuchSession() {
  return (
    <View title="Conversation">
      <Empty
        title="There is no such session"
        action={
          <Button component={Link} to="/sessions" variant="default">
            To the sessions
          </Button>
        }
      >
        It may be older than what the store keeps, or was forgotten on request.
      </Empty>
    </View>
  );
}
