import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";
import { pick } from "../../app/search";
import { SCOPE } from "../../parts/ScopeFilters";

/** `figure` is what the chart adds up, `stack` its layers, `by` the rows of the table, with commas between. */
export const usageRoute = createRoute({
  getParentRoute: () => root,
  path: "/usage",
  validateSearch: pick([...SCOPE, "figure", "stack", "by"]),
  component: lazyRouteComponent(() => import("./Usage"), "Usage"),
});
