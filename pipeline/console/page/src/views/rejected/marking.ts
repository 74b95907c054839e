export interface Mark {
  /** In characters (code points) of the value, as Python counts them. */
  start: number;
  end: number;
}

export interface Pieces {
  /** Characters left out in front of `before`, and behind `after`. */
  cutBefore: number;
  cutAfter: number;
  before: string;
  marked: string;
  after: string;
}

export const AROUND = 600;

/** A value cut at its mark, with so many characters on both sides; a mark of no length marks the character at it, or the end. */
export function pieces(value: string, mark: Mark | null, around = AROUND): Pieces {
  const characters = Array.from(value);
  const start = Math.min(mark?.start ?? 0, characters.length);
  const end = mark ? Math.min(Math.max(mark.end, start + 1), characters.length) : start;
  const from = mark ? Math.max(start - around, 0) : 0;
  const to = Math.min(end + (mark ? around : 2 * around), characters.length);
  return {
    cutBefore: from,
    cutAfter: characters.length - to,
    before: characters.slice(from, start).join(""),
    marked: characters.slice(start, end).join(""),
    after: characters.slice(end, to).join(""),
  };
}
