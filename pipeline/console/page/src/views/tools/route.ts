import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";
import { pick } from "../../app/search";
import { SCOPE } from "../../parts/ScopeFilters";

export const toolsRoute = createRoute({
  getParentRoute: () => root,
  path: "/tools",
  validateSearch: pick(SCOPE),
  component: lazyRouteComponent(() => import("./Tools"), "Tools"),
});
