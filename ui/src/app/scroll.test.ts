// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { recallPlace, rememberPlace } from "../parts/places";
import { isAnotherPage } from "./scroll";

test("another path or a later page of a list begins at its top, another filter does not", () => {
  const list = { pathname: "/runs", search: { cursor: "a" } };
  expect(isAnotherPage(list, { pathname: "/hosts", search: {} })).toBe(true);
  expect(isAnotherPage(list, { pathname: "/runs", search: { cursor: "b" } })).toBe(true);
  expect(isAnotherPage(list, { ...list, search: { ...list.search } })).toBe(false);
});

test("places are remembered by entry and name, and a page forgets its own", () => {
  rememberPlace("one", "page", 120);
  rememberPlace("one", "console", 7);
  rememberPlace("two", "page", 0);
  expect([recallPlace("one", "page"), recallPlace("one", "console"), recallPlace("two", "page")]).toEqual([
    120, 7, 0,
  ]);
  rememberPlace("one", "console", undefined);
  expect(recallPlace("one", "console")).toBeUndefined();
  for (let entry = 0; entry < 300; entry += 1) {
    rememberPlace(`later ${entry}`, "page", entry);
  }
  expect([recallPlace("one", "page"), recallPlace("later 299", "page")]).toEqual([undefined, 299]);
});
