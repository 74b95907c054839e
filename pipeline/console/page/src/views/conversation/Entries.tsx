import { Skeleton } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  type RefObject,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Entry } from "../../api/types";
import { useStep } from "../../parts/useStep";
import classes from "./Entries.module.css";
import { EntryRow } from "./EntryRow";
import { join } from "./joined";
import type { Detail } from "./route";

const HEIGHTS: Record<string, number> = {
  message: 92,
  response: 40,
  function_call: 190,
  mcp_call: 190,
  mcp_tool_list: 64,
};
const LOADING = 92;
// At least so much is fetched before it comes into sight.
const AHEAD = 60;

export type Scroll = { to: (position: number, align: "center" | "end") => void };
type Props = {
  entries: Map<number, Entry>;
  total: number;
  ensure: (first: number, last: number) => void;
  startedAt: string | null;
  marked: string | undefined;
  show: (id: string, detail: Detail) => void;
  scroll: RefObject<Scroll | null>;
};

/** The conversation, of which only what is in sight is there: ten thousand entries scroll like ten. */
export function Entries({ entries, total, ensure, startedAt, marked, show, scroll }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const { answers, folded } = useMemo(() => join(entries), [entries]);
  const rows = useWindowVirtualizer({
    count: total,
    estimateSize: (index) =>
      folded.has(index) ? 0 : (HEIGHTS[entries.get(index)?.record_type ?? ""] ?? LOADING),
    overscan: 10,
    scrollMargin: top,
    scrollPaddingStart: 64,
    scrollPaddingEnd: 24,
    getItemKey: (index) => entries.get(index)?.id ?? index,
  });
  const shown = rows.getVirtualItems();
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => ensure(first - AHEAD, Math.min(last + AHEAD, total - 1)), [ensure, first, last, total]);
  useImperativeHandle(scroll, () => ({ to: (position, align) => rows.scrollToIndex(position, { align }) }), [
    rows,
  ]);
  useStep({
    list,
    length: total,
    scrollTo: (index) => rows.scrollToIndex(index),
    skip: (index) => folded.has(index),
  });

  return (
    <div
      ref={list}
      role="feed"
      aria-label="Conversation"
      className={classes.feed}
      style={{ height: rows.getTotalSize() }}
    >
      {shown.map((row) => {
        const entry = entries.get(row.index);
        return (
          <div
            key={row.key}
            ref={rows.measureElement}
            data-index={row.index}
            className={classes.row}
            style={{ transform: `translateY(${row.start - top}px)` }}
          >
            {entry === undefined ? (
              <Skeleton height={LOADING - 12} my={6} />
            ) : folded.has(row.index) ? null : (
              <EntryRow
                entry={entry}
                answer={answers.get(row.index)}
                startedAt={startedAt}
                marked={entry.id === marked}
                total={total}
                show={show}
              />
            )}
          </div>
        );
      })}
    </div>
  );
}
