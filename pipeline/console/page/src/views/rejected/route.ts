import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";
import { pick } from "../../app/search";

export const rejectedRoute = createRoute({
  getParentRoute: () => root,
  path: "/rejected",
  validateSearch: pick(["reason"]),
  component: lazyRouteComponent(() => import("./Rejected"), "Rejected"),
});
