import { ScrollArea } from "@mantine/core";
import type { ReactNode } from "react";

interface Props {
  label: string;
  /** The most height it takes, in pixels; any where it is left out. */
  height?: number;
  children: ReactNode;
}

/** What may be wider than the screen: it scrolls in itself, and the keyboard can reach it. */
export function Wide({ label, height, children }: Props) {
  return (
    <ScrollArea.Autosize
      mah={height}
      type="auto"
      viewportProps={{ tabIndex: 0, role: "region", "aria-label": label }}
    >
      {children}
    </ScrollArea.Autosize>
  );
}
