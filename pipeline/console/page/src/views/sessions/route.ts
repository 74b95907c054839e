import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { root } from "../../app/root";
import { pick } from "../../app/search";

export const homeRoute = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/sessions" });
  },
});

/** What can stand in the address of the list; the API's own names. */
export const FILTERS = ["q", "from", "to", "provider", "tenant", "tool", "error", "interrupted"] as const;
export type Filters = Partial<Record<(typeof FILTERS)[number], string>>;

export const sessionsRoute = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  validateSearch: pick(FILTERS),
  component: lazyRouteComponent(() => import("./Sessions"), "Sessions"),
});
