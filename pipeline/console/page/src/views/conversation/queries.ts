import { queryOptions } from "@tanstack/react-query";
import { get } from "../../api/client";
import { queries } from "../../api/queries";
import type { Entry, RawEvents, Revisions, SessionDetail, Timeline } from "../../api/types";

export const PAGE = 200;
/** Entries that the API tells at once. */
export const MOST = 1_000;

export const sessionPath = (sessionId: string): string => `/api/sessions/${encodeURIComponent(sessionId)}`;
const itemPath = (sessionId: string, id: string) =>
  `${sessionPath(sessionId)}/items/${encodeURIComponent(id)}`;

export const sessionQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ["session", sessionId],
    queryFn: ({ signal }) => get<SessionDetail>(sessionPath(sessionId), {}, signal),
  });

/** A stretch of a timeline. It stays as it is: the stream tells what changes. */
export const timelineQuery = (sessionId: string, page: number) =>
  queryOptions({
    queryKey: ["timeline", sessionId, page],
    queryFn: ({ signal }) =>
      get<Timeline>(`${sessionPath(sessionId)}/timeline`, { offset: page * PAGE, limit: PAGE }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const revisionsQuery = (sessionId: string, id: string, revisions: number) =>
  queryOptions({
    queryKey: ["revisions", sessionId, id, revisions],
    queryFn: ({ signal }) => get<Revisions>(`${itemPath(sessionId, id)}/revisions`, {}, signal),
  });

export const eventsQuery = (sessionId: string, id: string) =>
  queryOptions({
    queryKey: ["events", sessionId, id],
    queryFn: ({ signal }) => get<RawEvents>(`${sessionPath(sessionId)}/events`, { item_id: id }, signal),
    staleTime: 60_000,
  });

/** Where in its conversation an item or response is; undefined where it is not there. */
export async function placeOf(sessionId: string, id: string): Promise<number | undefined> {
  const path = `${sessionPath(sessionId)}/timeline`;
  const found = await get<Timeline>(path, { item: id, limit: PAGE }).catch(() => undefined);
  if (found?.offset !== undefined && found.offset % PAGE === 0) {
    queries.setQueryData(timelineQuery(sessionId, found.offset / PAGE).queryKey, found);
  }
  return found?.entries.find((entry) => entry.id === id)?.position;
}

/** The whole conversation, for those who want to take it elsewhere. */
export async function wholeTimeline(sessionId: string): Promise<Entry[]> {
  const path = `${sessionPath(sessionId)}/timeline`;
  const entries: Entry[] = [];
  for (;;) {
    const { entries: next, total } = await get<Timeline>(path, { offset: entries.length, limit: MOST });
    entries.push(...next);
    if (next.length === 0 || entries.length >= total) return entries;
  }
}
