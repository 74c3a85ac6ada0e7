/** Whether the console follows the end: until the reader scrolls up, and again when the reader comes back to the end. */

export interface Follow {
  readonly following: boolean;
  /** Lines that the reader has had in view or followed past; later ones are new. */
  readonly seen: number;
}

export type FollowEvent =
  /** The view was scrolled, by the reader or by us. */
  | { kind: "scroll"; top: number; before: number; atEnd: boolean; byReader: boolean; total: number }
  | { kind: "lines"; total: number }
  /** The first lines arrived: none of them is new. */
  | { kind: "ready"; total: number }
  /** The reader jumps to the end. */
  | { kind: "end"; total: number }
  /** The reader goes to a line. */
  | { kind: "away" };

export function nextFollow(state: Follow, event: FollowEvent): Follow {
  switch (event.kind) {
    case "scroll":
      if (event.byReader && event.top < event.before && !event.atEnd) {
        return { ...state, following: false };
      }
      if (event.byReader && event.atEnd) {
        return { following: true, seen: event.total };
      }
      return state;
    case "lines":
      return state.following ? { ...state, seen: event.total } : state;
    case "ready":
      return { ...state, seen: event.total };
    case "end":
      return { following: true, seen: event.total };
    case "away":
      return { ...state, following: false };
  }
}

/** The text on the button that leads to the end. */
export function newLines(state: Follow, total: number): number {
  return state.following ? 0 : Math.max(0, total - state.seen);
}
