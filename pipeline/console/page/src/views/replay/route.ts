import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";

export const replayRoute = createRoute({
  getParentRoute: () => root,
  path: "/replay",
  component: lazyRouteComponent(() => import("./Replay"), "Replay"),
});
