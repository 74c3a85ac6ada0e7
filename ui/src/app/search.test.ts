import { expect, test } from "vitest";
import { count, flag, oneOf, parseSearch, stringifySearch, text } from "./search";

test("the address is plain text, both ways", () => {
  const search = parseSearch("?q=status:failed+%22a+b%22&host=a&host=b&__proto__=x");
  expect(search.q).toBe('status:failed "a b"');
  expect(search.host).toEqual(["a", "b"]);
  expect(Object.keys(search)).toContain("__proto__");
  expect(parseSearch(stringifySearch(search))).toEqual(search);
  expect(stringifySearch({ a: undefined, b: "", c: 0, d: true })).toBe("?c=0&d=true");
  expect(stringifySearch({})).toBe("");
});

test("what makes no sense is dropped", () => {
  const raw = parseSearch("?n=-1&m=7&flag=maybe&yes=1&word=lost&empty=");
  expect(count(raw, "n")).toEqual({});
  expect(count(raw, "m")).toEqual({ m: 7 });
  expect(flag(raw, "flag")).toEqual({});
  expect(flag(raw, "yes")).toEqual({ yes: true });
  expect(oneOf(raw, "word", ["found"])).toEqual({});
  expect(text(raw, "empty")).toEqual({});
});
