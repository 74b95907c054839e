import { type RefObject, useEffect, useRef, useState } from "react";
import type { Scroll } from "./Entries";

const AT_END_PX = 120;
const atEnd = () => window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - AT_END_PX;

/** Follows a conversation that goes on, while its end is in sight; else counts what came. */
export function useFollow(total: number, scroll: RefObject<Scroll | null>) {
  const [count, setCount] = useState(0);
  const seen = useRef<number | undefined>(undefined);
  const end = useRef(false);
  useEffect(() => {
    const look = () => {
      end.current = window.scrollY > 0 && atEnd();
      if (end.current) setCount(0);
    };
    window.addEventListener("scroll", look, { passive: true });
    return () => window.removeEventListener("scroll", look);
  }, []);
  useEffect(() => {
    const before = seen.current;
    seen.current = total > 0 ? total : undefined;
    if (before === undefined || total <= before) return;
    if (end.current) scroll.current?.to(total - 1, "end");
    else if (!atEnd()) setCount((unseen) => unseen + total - before);
  }, [total, scroll]);
  const show = () => {
    setCount(0);
    scroll.current?.to(total - 1, "end");
  };
  return { count, show };
}
