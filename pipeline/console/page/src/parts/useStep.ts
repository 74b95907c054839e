import { useHotkeys } from "@mantine/hooks";
import type { RefObject } from "react";

type List = {
  list: RefObject<HTMLElement | null>;
  length: number;
  scrollTo: (index: number) => void;
  /** Rows that have nothing in them. */
  skip?: (index: number) => boolean;
};

/**
 * `j` and `k` move the focus down and up a virtual list, also to a row that is not there yet. A row is an element with
 * `data-index`; what takes the focus in it has `data-focus`.
 */
export function useStep({ list, length, scrollTo, skip = () => false }: List): void {
  const step = (by: number) => () => {
    const now = document.activeElement?.closest<HTMLElement>("[data-index]");
    let next = now ? Number(now.dataset.index) + by : 0;
    while (next >= 0 && next < length && skip(next)) next += by;
    if (next < 0 || next >= length) return;
    scrollTo(next);
    const focus = (tries: number) => {
      const target = list.current?.querySelector<HTMLElement>(`[data-index="${next}"] [data-focus]`);
      if (target) target.focus({ preventScroll: true });
      else if (tries > 0) requestAnimationFrame(() => focus(tries - 1));
    };
    focus(10);
  };
  useHotkeys([
    ["j", step(1)],
    ["k", step(-1)],
  ]);
}

/** The row that has the focus, else none. */
export function focusedRow(): number | undefined {
  const row = document.activeElement?.closest<HTMLElement>("[data-index]");
  return row ? Number(row.dataset.index) : undefined;
}
