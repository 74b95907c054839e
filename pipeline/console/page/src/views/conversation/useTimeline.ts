import { type UseQueryResult, useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { queries } from "../../api/queries";
import { useStream } from "../../api/stream";
import type { Entry, Timeline } from "../../api/types";
import { PAGE, timelineQuery } from "./queries";

const TOGETHER_MS = 100;

/** The conversation as far as it was looked at: `ensure(first, last)` fetches what is missing between two places. */
export function useTimeline(sessionId: string) {
  const [pages, setPages] = useState<readonly number[]>([0]);
  const loaded = useQueries({
    queries: pages.map((page) => timelineQuery(sessionId, page)),
    combine: collect,
  });

  const ensure = useCallback((first: number, last: number) => {
    const from = Math.floor(Math.max(0, first) / PAGE);
    const to = Math.floor(Math.max(0, last) / PAGE);
    const wanted = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    setPages((before) =>
      wanted.every((page) => before.includes(page)) ? before : [...new Set([...before, ...wanted])],
    );
  }, []);

  useLiveEntries(sessionId);
  const refetch = () => queries.invalidateQueries({ queryKey: ["timeline", sessionId] });
  return { ...loaded, ensure, refetch };
}

/** One object as long as no answer changes: what is drawn from it is not drawn anew. */
function collect(answers: UseQueryResult<Timeline>[]) {
  const entries = new Map<number, Entry>();
  let total = 0;
  for (const { data } of answers) {
    if (data === undefined) continue;
    total = Math.max(total, data.total);
    for (const entry of data.entries) entries.set(entry.position, entry);
  }
  const error = answers.find((answer) => answer.error)?.error ?? null;
  return { entries, total, error, isPending: answers[0]?.isPending ?? true };
}

/** Puts entries that came or changed into the pages that were loaded; asks anew where the order changed. */
function useLiveEntries(sessionId: string): void {
  const came = useRef(new Map<string, Entry>());
  const timer = useRef<number | undefined>(undefined);
  const askAnew = () => queries.invalidateQueries({ queryKey: ["timeline", sessionId] });
  const apply = () => {
    timer.current = undefined;
    const entries = [...came.current.values()].sort((a, b) => a.position - b.position);
    came.current.clear();
    const known = entries.map((entry) => put(sessionId, entry));
    if (known.includes(false)) askAnew();
    queries.invalidateQueries({ queryKey: ["session", sessionId] });
  };
  useStream(
    "entry",
    (entry) => {
      came.current.set(entry.id, entry);
      timer.current ??= window.setTimeout(apply, TOGETHER_MS);
    },
    { session: sessionId, missed: askAnew },
  );
  useStream("forgotten", ({ session_id }) => {
    if (session_id === sessionId) queries.invalidateQueries({ queryKey: ["session", sessionId] });
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: what came for one session is not for the next
  useEffect(() => {
    came.current.clear();
    return () => {
      window.clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [sessionId]);
}

/** False where the entry has no place in what is loaded: it came in between, or there is a gap before it. */
function put(sessionId: string, entry: Entry): boolean {
  const page = Math.floor(entry.position / PAGE);
  const first = timelineQuery(sessionId, 0).queryKey;
  const key = timelineQuery(sessionId, page).queryKey;
  const total = Math.max(queries.getQueryData(first)?.total ?? 0, entry.position + 1);
  queries.setQueryData(first, (before) => before && { ...before, total });
  const loaded = queries.getQueryData(key);
  if (loaded === undefined) return true;
  const place = entry.position - loaded.offset;
  const there = loaded.entries[place];
  if (there === undefined ? place > loaded.entries.length : there.id !== entry.id) return false;
  const entries = [...loaded.entries];
  entries[place] = entry;
  queries.setQueryData(key, { ...loaded, total, entries });
  return true;
}
