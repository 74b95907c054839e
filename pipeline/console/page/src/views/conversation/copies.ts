import { getText } from "../../api/client";
import type { Entry } from "../../api/types";
import { MOST, sessionPath, wholeTimeline } from "./queries";

/** `curl` for one of the API's addresses; the token is taken from the variable it is started with. `pages`: a query, as it is. */
function curl(path: string, pages = ""): string {
  const url = new URL(path, window.location.origin).toString();
  const options = `-sS --fail-with-body -H "Authorization: Bearer $ITEMSTREAM_CONSOLE_TOKEN"`;
  return `curl ${options} '${url.replaceAll("'", "%27")}${pages}'`;
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);

export const itemCurl = (sessionId: string, id: string): string =>
  curl(`${sessionPath(sessionId)}/items/${encodeURIComponent(id)}/revisions`);

export const itemLink = (sessionId: string, id: string): string =>
  new URL(
    `/sessions/${encodeURIComponent(sessionId)}?item=${encodeURIComponent(id)}`,
    window.location.origin,
  ).toString();

export const sessionLink = (sessionId: string): string =>
  new URL(`/sessions/${encodeURIComponent(sessionId)}`, window.location.origin).toString();

/** A conversation of so many entries: where they are more than the API tells at once, curl asks for one page after another. */
export function sessionCurl(sessionId: string, entries: number): string {
  const offset = entries > MOST ? `&offset=[0-${entries - 1}:${MOST}]` : "";
  return curl(`${sessionPath(sessionId)}/timeline`, `?limit=${MOST}${offset}`);
}

export const sessionJson = async (sessionId: string): Promise<string> =>
  json((await wholeTimeline(sessionId)).map((entry: Entry) => entry.record));

/** The session's events as `itemstream process` reads them: a line an event. */
export const sessionFixture = (sessionId: string): Promise<string> =>
  getText(`${sessionPath(sessionId)}/fixture`);
