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
  /** Characters left out in the middle of what is marked, and its end where there are any. */
  cutMarked: number;
  markedEnd: string;
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
  const cutMarked = Math.max(end - start - around, 0);
  const markedTo = cutMarked > 0 ? start + around / 2 : end;
  return {
    cutBefore: from,
    cutAfter: characters.length - to,
    before: characters.slice(from, start).join(""),
    marked: characters.slice(start, markedTo).join(""),
    cutMarked,
    markedEnd: characters.slice(markedTo + cutMarked, end).join(""),
    after: characters.slice(end, to).join(""),
  };
}
