import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { root } from "../../app/root";
import { pick } from "../../app/search";

/** `item` points at one item or response of the conversation. */
export const conversationRoute = createRoute({
  getParentRoute: () => root,
  path: "/sessions/$sessionId",
  validateSearch: pick(["item"]),
  component: lazyRouteComponent(() => import("./Conversation"), "Conversation"),
});
