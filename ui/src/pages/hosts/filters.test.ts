import { expect, test } from "vitest";
import { parseSearch } from "../../app/search";
import { hostsQueryOf, spanWords, unseenChoices } from "./filters";
import { search } from "./search";

test("a part of a name is looked for anywhere, a pattern as it is", () => {
  expect(hostsQueryOf({ name: "web" }).name).toBe("*web*");
  expect(hostsQueryOf({ name: "web-*" }).name).toBe("web-*");
  expect(hostsQueryOf({})).toEqual({ limit: 100 });
});

test("the address is checked", () => {
  expect(search(parseSearch("?status=failed&unseen=30d&name=a"))).toEqual({
    status: "failed",
    unseen: "30d",
    name: "a",
  });
  expect(search(parseSearch("?status=lost&unseen=long"))).toEqual({});
});

test("spans of time in words", () => {
  expect(["1d", "30d", "2w", "?"].map(spanWords)).toEqual(["1 day", "30 days", "2 weeks", "?"]);
  expect(unseenChoices("3d")).toEqual(["3d", "1d", "7d", "30d", "90d"]);
  expect(unseenChoices("7d")).toHaveLength(4);
});
