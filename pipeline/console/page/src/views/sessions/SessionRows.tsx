import { Loader, Paper, Text } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { SessionSummary } from "../../api/types";
import { useStep } from "../../parts/useStep";
import { SessionRow } from "./SessionRow";
import classes from "./SessionRows.module.css";

type Props = { sessions: SessionSummary[]; more: boolean; loadMore: () => void; busy: boolean };

const ROW = 68;
const LOAD_AHEAD = 10;

/** The rows, of which only those in sight are there; more are loaded before the end comes into sight. */
export function SessionRows({ sessions, more, loadMore, busy }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const rows = useWindowVirtualizer({
    count: sessions.length,
    estimateSize: () => ROW,
    overscan: 8,
    scrollMargin: top,
    scrollPaddingStart: 70,
    getItemKey: (index) => sessions[index]?.session_id ?? index,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !busy && last >= sessions.length - LOAD_AHEAD) loadMore();
  }, [more, busy, last, sessions.length, loadMore]);

  useStep({ list, length: sessions.length, scrollTo: (index) => rows.scrollToIndex(index) });

  return (
    <Paper withBorder className={classes.paper}>
      <ul ref={list} className={classes.list} style={{ height: rows.getTotalSize() }} aria-label="Sessions">
        {shown.map((row) => {
          const session = sessions[row.index];
          return (
            session && (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                aria-setsize={more ? -1 : sessions.length}
                aria-posinset={row.index + 1}
                className={classes.item}
                style={{ transform: `translateY(${row.start - top}px)` }}
              >
                <SessionRow session={session} />
              </li>
            )
          );
        })}
      </ul>
      <Text size="sm" c="dimmed" ta="center" p="sm" aria-live="off">
        {busy ? <Loader size="xs" /> : more ? "" : "That is all"}
      </Text>
    </Paper>
  );
}
