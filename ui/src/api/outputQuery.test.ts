import { expect, it } from "vitest";
import { lineQuery, quoteId } from "./outputQuery";

it("writes texts and expressions so that they stand for themselves", () => {
  expect(lineQuery({ text: "a/b (1.0)", regex: false, caseSensitive: false })).toBe("/a\\/b \\(1\\.0\\)/");
  expect(lineQuery({ text: "C:\\x", regex: false, caseSensitive: true })).toBe("/(?-i)C:\\\\x/");
  expect(lineQuery({ text: "^/etc\\/[a-z]+$", regex: true, caseSensitive: false })).toBe(
    "/^\\/etc\\/[a-z]+$/",
  );
});

it("lets nothing else into a query by an id", () => {
  expect(quoteId('01a2-ff" OR status:failed')).not.toMatch(/[" :]/);
});
