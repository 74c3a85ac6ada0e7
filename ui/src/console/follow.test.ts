// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { type Follow, newLines, nextFollow } from "./follow";

const following: Follow = { following: true, seen: 100 };
const scroll = { kind: "scroll", byReader: true, total: 100 } as const;

it("follows until the reader scrolls up, then counts new lines", () => {
  let state = nextFollow(following, { kind: "lines", total: 120 });
  expect(state).toEqual({ following: true, seen: 120 });
  state = nextFollow(state, { ...scroll, before: 500, top: 400, atEnd: false });
  expect(state.following).toBe(false);
  state = nextFollow(state, { kind: "lines", total: 150 });
  expect(newLines(state, 150)).toBe(30);
  state = nextFollow(state, { kind: "end", total: 150 });
  expect(state.following).toBe(true);
  expect(newLines(state, 150)).toBe(0);
});

it("follows again when the reader comes back to the end", () => {
  const away = nextFollow(following, { kind: "away" });
  expect(away.following).toBe(false);
  const still = nextFollow(away, { ...scroll, before: 100, top: 200, atEnd: false });
  expect(still.following).toBe(false);
  expect(nextFollow(still, { ...scroll, before: 200, top: 300, atEnd: true }).following).toBe(true);
});

it("is not misled by scrolling that nobody did", () => {
  // Lines that fold or a window that shrinks move the view up.
  const event = { ...scroll, byReader: false, before: 500, top: 400, atEnd: false };
  expect(nextFollow(following, event).following).toBe(true);
  const away: Follow = { following: false, seen: 1 };
  expect(nextFollow(away, { ...event, atEnd: true }).following).toBe(false);
});

it("counts none of the lines that were there at first", () => {
  const opened = nextFollow({ following: false, seen: 0 }, { kind: "ready", total: 85 });
  expect(newLines(opened, 85)).toBe(0);
  expect(newLines(nextFollow(opened, { kind: "lines", total: 90 }), 90)).toBe(5);
});
