import { createRouter } from "@tanstack/react-router";
import { Failure } from "../parts/Failure";
import { Loading } from "../parts/Loading";
import { auditRoute } from "../views/audit/route";
import { conversationRoute } from "../views/conversation/route";
import { pipelineRoute } from "../views/pipeline/route";
import { rejectedRoute } from "../views/rejected/route";
import { newReplayRoute, replayJobRoute, replayRoute } from "../views/replay/route";
import { homeRoute, sessionsRoute } from "../views/sessions/route";
import { toolsRoute } from "../views/tools/route";
import { usageRoute } from "../views/usage/route";
import { root } from "./root";
import { parseSearch, stringifySearch } from "./search";

export const router = createRouter({
  routeTree: root.addChildren([
    homeRoute,
    sessionsRoute,
    conversationRoute,
    toolsRoute,
    usageRoute,
    rejectedRoute,
    replayRoute,
    newReplayRoute,
    replayJobRoute,
    pipelineRoute,
    auditRoute,
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  defaultErrorComponent: ({ error, reset }) => (
    <Failure error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
  ),
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
