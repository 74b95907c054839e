/** Talks to the console's API: same origin, a cookie for who asks, problems as RFC 9457 tells them. */

/** An answer that is not the one asked for, in words for the person at the screen. */
export class Problem extends Error {
  readonly status: number;

  constructor(status: number, title: string, detail?: string) {
    super(detail || title);
    this.name = title;
    this.status = status;
  }
}

export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** A path with its query; empty parameters are left out, lists are repeated. */
export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values)
      if (one !== undefined && one !== null && one !== "") search.append(name, String(one));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

async function problem(answer: Response): Promise<Problem> {
  const told = await answer.json().catch(() => ({}));
  const title = typeof told.title === "string" ? told.title : `The console answered ${answer.status}`;
  const detail = typeof told.detail === "string" ? told.detail : undefined;
  return new Problem(answer.status, title, detail);
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(
      0,
      "No connection",
      "The console cannot be reached. Is `itemstream console` still running?",
    );
  }
  if (!answer.ok) throw await problem(answer);
  return answer;
}

export async function get<Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> {
  const answer = await send(address(path, query), { signal, headers: { Accept: "application/json" } });
  return answer.json() as Promise<Answer>;
}

export async function getText(path: string, query?: Query, signal?: AbortSignal): Promise<string> {
  return (await send(address(path, query), { signal })).text();
}

let csrfToken = "";

/** Remembers what `/api/me` told; sent with everything that changes something. */
export function rememberCsrfToken(token: string): void {
  csrfToken = token;
}

export async function post<Answer = void>(path: string, body: unknown = {}): Promise<Answer> {
  const answer = await send(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken },
    body: JSON.stringify(body),
  });
  return (answer.status === 204 ? undefined : answer.json()) as Promise<Answer>;
}
