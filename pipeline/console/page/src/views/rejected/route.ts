import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";

export const rejectedRoute = createRoute({
  getParentRoute: () => root,
  path: "/rejected",
  component: lazyRouteComponent(() => import("./Rejected"), "Rejected"),
});
