import type { SessionSummary } from "../../api/types";
import { scopeQuery } from "../../parts/ScopeFilters";
import { failures } from "./failures";
import type { Filters } from "./route";

/** Whether a session that changed belongs into the list, as the API would say; a search for text is left to the API. */
export function matches(session: SessionSummary, filters: Filters): boolean {
  const { from, to, provider, tenant } = scopeQuery(filters);
  return (
    (provider === undefined || session.provider === provider) &&
    (tenant === undefined || session.tenant === tenant) &&
    (filters.tool === undefined || session.tools.includes(filters.tool)) &&
    (filters.error === undefined || failures(session) > 0) &&
    (filters.interrupted === undefined || session.interrupted > 0) &&
    (from === undefined || Date.parse(session.last_at ?? "") >= Date.parse(from)) &&
    (to === undefined || Date.parse(session.first_at ?? "") <= Date.parse(to))
  );
}
