import { getText } from "../../api/client";
import type { Entry } from "../../api/types";
import { sessionPath, wholeTimeline } from "./queries";

/** `curl` for one of the API's addresses; the token is taken from the variable it is started with. */
function curl(path: string): string {
  const url = new URL(path, window.location.origin).toString();
  return `curl --fail-with-body -H "Authorization: Bearer $ITEMSTREAM_CONSOLE_TOKEN" '${url.replaceAll("'", "%27")}'`;
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);

export const itemCurl = (sessionId: string, id: string): string =>
  curl(`${sessionPath(sessionId)}/items/${encodeURIComponent(id)}/revisions`);

export const itemLink = (sessionId: string, id: string): string =>
  new URL(
    `/sessions/${encodeURIComponent(sessionId)}?item=${encodeURIComponent(id)}`,
    window.location.origin,
  ).toString();

export const sessionCurl = (sessionId: string): string =>
  curl(`${sessionPath(sessionId)}/timeline?limit=1000`);

export const sessionJson = async (sessionId: string): Promise<string> =>
  json((await wholeTimeline(sessionId)).map((entry: Entry) => entry.record));

/** The session's events as `itemstream process` reads them: a line an event. */
export const sessionFixture = (sessionId: string): Promise<string> =>
  getText(`${sessionPath(sessionId)}/fixture`);
