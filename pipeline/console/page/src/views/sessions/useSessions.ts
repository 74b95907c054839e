import { type InfiniteData, infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { get } from "../../api/client";
import { askAnew, queries } from "../../api/queries";
import { useStream } from "../../api/stream";
import type { SessionList, SessionSummary } from "../../api/types";
import { scopeQuery } from "../../parts/ScopeFilters";
import { matches } from "./matches";
import type { Filters } from "./route";

const PAGE = 50;
// A busy pipeline tells of hundreds of sessions a second: what came is shown together, well within a second.
const TOGETHER_MS = 250;

const sessionsQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["sessions", filters],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, ...scopeQuery(filters), limit: PAGE, cursor: pageParam };
      return get<SessionList>("/api/sessions", query, signal);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

type Loaded = InfiniteData<SessionList, string | null>;

/** The loaded pages with what changed: in its place, or to the very top. Sessions that are new come out of `fresh`. */
export function merged(loaded: Loaded, changed: Map<string, SessionSummary>, toTop: boolean): Loaded {
  const kept = (session: SessionSummary): SessionSummary => {
    const now = changed.get(session.session_id);
    return now === undefined ? session : { ...now, snippet: session.snippet };
  };
  if (!toTop) {
    return {
      ...loaded,
      pages: loaded.pages.map((page) => ({ ...page, sessions: page.sessions.map(kept) })),
    };
  }
  const newest = [...changed.values()].sort((a, b) => (b.last_at ?? "").localeCompare(a.last_at ?? ""));
  const pages = loaded.pages.map((page, index) => {
    const others = page.sessions.filter((session) => !changed.has(session.session_id));
    return { ...page, sessions: index === 0 ? [...newest, ...others] : others };
  });
  return { ...loaded, pages };
}

function without(loaded: Loaded, gone: string): Loaded {
  const pages = loaded.pages.map((page) => ({
    ...page,
    sessions: page.sessions.filter((session) => session.session_id !== gone),
  }));
  return { ...loaded, pages };
}

/**
 * The sessions that match, page by page, kept up to date. While `atTop()`, what is new comes in by itself; else it
 * would push away what is being read, so it is counted in `fresh` until `showFresh()`.
 */
export function useSessions(filters: Filters, atTop: () => boolean) {
  const options = useMemo(() => sessionsQuery(filters), [filters]);
  const list = useInfiniteQuery(options);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  const changed = useRef(new Map<string, SessionSummary>());
  const timer = useRef<number | undefined>(undefined);

  const showFresh = useCallback(() => {
    setFresh(new Set());
    return queries.resetQueries({ queryKey: options.queryKey });
  }, [options]);

  // Another question has other news.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `options` is what it is about
  useEffect(() => {
    setFresh(new Set());
    changed.current.clear();
    return () => {
      window.clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [options]);

  const apply = () => {
    // An answer that is under way may be from before, and would take the place of what is told.
    if (queries.isFetching({ queryKey: options.queryKey, exact: true }) > 0) {
      timer.current = window.setTimeout(apply, TOGETHER_MS);
      return;
    }
    timer.current = undefined;
    const told = changed.current;
    changed.current = new Map();
    const loaded = queries.getQueryData<Loaded>(options.queryKey);
    if (loaded === undefined) return;
    // Whether a text is found in it only the server can tell.
    const live = filters.q === undefined && atTop();
    queries.setQueryData<Loaded>(options.queryKey, merged(loaded, told, live));
    if (live) return;
    const known = new Set(loaded.pages.flatMap((page) => page.sessions.map((one) => one.session_id)));
    const news = [...told.keys()].filter((id) => !known.has(id));
    if (news.length > 0) setFresh((before) => new Set([...before, ...news]));
  };

  useStream(
    "session",
    (session) => {
      if (!matches(session, filters)) return;
      changed.current.set(session.session_id, session);
      timer.current ??= window.setTimeout(apply, TOGETHER_MS);
    },
    { missed: () => askAnew(options.queryKey) },
  );

  useStream("forgotten", ({ session_id }) => {
    queries.setQueryData<Loaded>(options.queryKey, (loaded) => loaded && without(loaded, session_id));
  });

  const sessions = useMemo(() => list.data?.pages.flatMap((page) => page.sessions) ?? [], [list.data]);
  return { ...list, sessions, fresh: fresh.size, showFresh };
}
