import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Entry, Job, Pipeline, RejectedCount, SessionSummary } from "./types";

/** What the server tells while one looks, by the name of the event. */
export type Told = {
  session: SessionSummary;
  entry: Entry;
  rejected: RejectedCount;
  replay: Job;
  pipeline: Pipeline;
  /** A session that left the store. */
  forgotten: { session_id: string };
};
export type StreamState = "off" | "connecting" | "live" | "broken";
type Listener = { name: keyof Told; hear: (told: never) => void; missed?: () => void };

const NAMES: readonly (keyof Told)[] = ["session", "entry", "rejected", "replay", "pipeline", "forgotten"];
const AGAIN_AFTER_MS = [500, 1_000, 2_000, 5_000, 10_000];
const HIDDEN_FOR_MS = 60_000;
/** While more happens than is told one by one there are many gaps; each view asks anew this often. */
const GAPS_TOGETHER_MS = 1_000;

/**
 * The one connection of this tab for server-sent events: a browser allows few at a time to one origin, over all tabs.
 * It is there while somebody listens, comes back by itself, and rests while the tab is hidden for long. After each
 * gap the listeners are told (`missed`), for what was said meanwhile is not said again.
 */
class Live {
  private source: EventSource | null = null;
  private session: string | undefined;
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();
  private state: StreamState = "off";
  private tries = 0;
  private hadGap = false;
  private gaps: number | undefined;
  private timer: number | undefined;

  constructor() {
    let hiding: number | undefined;
    document.addEventListener("visibilitychange", () => {
      window.clearTimeout(hiding);
      if (document.hidden) hiding = window.setTimeout(() => this.close("off", true), HIDDEN_FOR_MS);
      else if (this.listeners.size > 0 && this.source === null) this.open();
    });
  }

  listen(listener: Listener, session: string | undefined): () => void {
    this.listeners.add(listener);
    if (this.source === null || (session !== undefined && session !== this.session)) {
      this.session = session ?? this.session;
      this.open();
    }
    return () => {
      this.listeners.delete(listener);
      // Not at once: the next view listens in the same breath.
      window.setTimeout(() => {
        if (this.listeners.size === 0) {
          this.session = undefined;
          this.close("off", false);
        }
      }, 0);
    };
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly now = (): StreamState => this.state;

  private open(): void {
    // What happened between a view's own question and this moment is a gap too.
    this.close("connecting", true);
    const query = this.session === undefined ? "" : `?session=${encodeURIComponent(this.session)}`;
    const source = new EventSource(`/api/stream${query}`);
    this.source = source;
    source.onopen = () => {
      this.tries = 0;
      this.become("live");
      if (this.hadGap) this.tellOfGap();
      this.hadGap = false;
    };
    source.addEventListener("gap", () => {
      this.gaps ??= window.setTimeout(() => this.tellOfGap(), GAPS_TOGETHER_MS);
    });
    source.onerror = () => this.comeBack();
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        const told = JSON.parse((event as MessageEvent<string>).data) as never;
        for (const listener of this.listeners) if (listener.name === name) listener.hear(told);
      });
    }
  }

  private tellOfGap(): void {
    window.clearTimeout(this.gaps);
    this.gaps = undefined;
    for (const listener of this.listeners) listener.missed?.();
  }

  private comeBack(): void {
    this.close("broken", true);
    const wait = AGAIN_AFTER_MS[Math.min(this.tries++, AGAIN_AFTER_MS.length - 1)];
    this.timer = window.setTimeout(() => this.listeners.size > 0 && this.open(), wait);
  }

  private close(state: StreamState, gap: boolean): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.hadGap = gap;
    this.become(state);
  }

  private become(state: StreamState): void {
    if (state === this.state) return;
    this.state = state;
    for (const watcher of this.watchers) watcher();
  }
}

const live = new Live();

/** Hears one kind of event while the component is there. `missed` is called after a gap: ask anew for what you show. */
export function useStream<Name extends keyof Told>(
  name: Name,
  hear: (told: Told[Name]) => void,
  { session, missed }: { session?: string; missed?: () => void } = {},
): void {
  const latest = useRef({ hear, missed });
  latest.current = { hear, missed };
  useEffect(
    () =>
      live.listen(
        {
          name,
          hear: (told: Told[Name]) => latest.current.hear(told),
          missed: () => latest.current.missed?.(),
        } as Listener,
        session,
      ),
    [name, session],
  );
}

export function useStreamState(): StreamState {
  return useSyncExternalStore(live.watch, live.now);
}
