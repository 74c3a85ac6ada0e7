// @vitest-environment happy-dom
import { expect, it } from "vitest";
import { Reader } from "./reader";

function reader() {
  const scroller = document.createElement("div");
  let height = 1000;
  Object.defineProperty(scroller, "scrollHeight", { get: () => height });
  const grow = (by: number) => {
    height += by;
  };
  return { scroller, grow, reader: new Reader(scroller, new AbortController().signal) };
}

it("does not take our own scrolling for the reader's", () => {
  const { scroller, reader: one } = reader();
  one.scrollTo(300);
  expect(one.scrolled().byReader).toBe(false);
  scroller.scrollTop = 200;
  expect(one.scrolled()).toEqual({ top: 200, before: 300, byReader: true });
});

it("does not take lines that get their height for the reader's scrolling, unless there was input", () => {
  const { scroller, grow, reader: one } = reader();
  one.scrollTo(300);
  grow(500);
  scroller.scrollTop = 800;
  expect(one.scrolled().byReader).toBe(false);
  grow(500);
  scroller.dispatchEvent(new Event("wheel"));
  scroller.scrollTop = 700;
  expect(one.scrolled().byReader).toBe(true);
});

it("knows keys that scroll from those that do something else", () => {
  const { scroller, grow, reader: one } = reader();
  for (const [key, byReader] of [
    ["w", false],
    ["PageUp", true],
  ] as const) {
    grow(100);
    scroller.dispatchEvent(new KeyboardEvent("keydown", { key }));
    scroller.scrollTop += 10;
    expect(one.scrolled().byReader).toBe(byReader);
  }
});
