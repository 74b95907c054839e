import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";
import { pick } from "../../app/search";

/** `item` points at one item or response of the conversation, `show` at what is told of it beside. */
export const conversationRoute = createRoute({
  getParentRoute: () => root,
  path: "/sessions/$sessionId",
  validateSearch: pick(["item", "show"]),
  component: lazyRouteComponent(() => import("./Conversation"), "Conversation"),
});

export const DETAILS = ["record", "revisions", "events"] as const;
export type Detail = (typeof DETAILS)[number];
