import { expect, test } from "vitest";
import { readable } from "./readable";

test("JSON is indented, anything else stays", () => {
  expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(readable('{"a":"cut of…')).toBe('{"a":"cut of…');
  expect(readable("subject: x")).toBe("subject: x");
});
