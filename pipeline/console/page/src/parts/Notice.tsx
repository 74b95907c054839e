import { Alert } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  title: string;
  colour: "yellow" | "red" | "teal" | "gray";
  /** `alert` where it has to interrupt a screen reader. */
  role?: "alert" | "status";
  health?: string;
  children: ReactNode;
}

/** Something to know: framed in its colour, its words as dark as all text. */
export function Notice({ title, colour, role = "status", health, children }: Props) {
  return (
    <Alert
      color={colour}
      variant="outline"
      title={title}
      role={role}
      data-health={health}
      styles={{ title: { color: "var(--mantine-color-text)" } }}
    >
      {children}
    </Alert>
  );
}
