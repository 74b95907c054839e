import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";
import { pick } from "../../app/search";

export const replayRoute = createRoute({
  getParentRoute: () => root,
  path: "/replay",
  component: lazyRouteComponent(() => import("./Replay"), "Replay"),
});

/** A new job; what stands in the address is filled in already. */
export const newReplayRoute = createRoute({
  getParentRoute: () => root,
  path: "/replay/new",
  validateSearch: pick(["session", "since", "until"]),
  component: lazyRouteComponent(() => import("./NewReplay"), "NewReplay"),
});

export const replayJobRoute = createRoute({
  getParentRoute: () => root,
  path: "/replay/$jobId",
  component: lazyRouteComponent(() => import("./ReplayJob"), "ReplayJob"),
});
