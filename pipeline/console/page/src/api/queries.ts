import { QueryCache, QueryClient, type QueryKey, queryOptions } from "@tanstack/react-query";
import { get, Problem, rememberCsrfToken } from "./client";
import type { Facets, Me } from "./types";

const isAnswer = (error: Error) => error instanceof Problem && error.status >= 400 && error.status < 500;

/** What the console said stays for a while; a question it understood and refused is not asked again. */
export const queries: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => !isAnswer(error) && count < 2,
    },
  },
  queryCache: new QueryCache({
    // A session that ended shows the login again, wherever it was noticed.
    onError: (error, query) => {
      if (error instanceof Problem && error.status === 401 && query.queryKey[0] !== "me") {
        queries.invalidateQueries({ queryKey: ["me"] });
      }
    },
  }),
});

/** After a gap: asks also where a first answer is still under way, which `invalidateQueries` alone waits for. */
export async function askAnew(queryKey: QueryKey): Promise<void> {
  await queries.cancelQueries({ queryKey });
  await queries.invalidateQueries({ queryKey });
}

/** Who is asking, and what they may do. */
export const me = queryOptions({
  queryKey: ["me"],
  queryFn: async ({ signal }) => {
    const told = await get<Me>("/api/me", {}, signal);
    rememberCsrfToken(told.csrf_token);
    return told;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** What the filters can offer. */
export const facets = queryOptions({
  queryKey: ["facets"],
  queryFn: ({ signal }) => get<Facets>("/api/facets", {}, signal),
  staleTime: 60_000,
});
