import { createRootRoute } from "@tanstack/react-router";
import { NotFound } from "../parts/NotFound";
import { Shell } from "./Shell";

export const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
