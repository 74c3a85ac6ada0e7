import { expect, test } from "vitest";
import { problemOf } from "./problem";

const FIELDS = new Set(["name", "url", "port", "labels", "extra_vars", "rules[0].query", "forks"]);
const of = (message: string) => problemOf(message, (name) => FIELDS.has(name));

test("a refused request names its field", () => {
  expect(of("url: it must be https://HOST/…")).toEqual({ field: "url", text: "it must be https://HOST/…" });
  expect(of("url is missing: a target needs it")).toEqual({
    field: "url",
    text: "is missing: a target needs it",
  });
  expect(of("port = 0: it must be from 1 to 65535")).toEqual({
    field: "port",
    text: "it must be from 1 to 65535",
  });
  expect(of('name = "a: \\"b": it must have letters').text).toBe("it must have letters");
  expect(of('the name "a b" must have letters').field).toBe("name");
  expect(of("rules[0].query: column 3: no")).toEqual({ field: "rules[0].query", text: "column 3: no" });
});

test("what is not a field of the form stays in the text", () => {
  expect(of("labels[1]: too long")).toEqual({ field: "labels", text: "[1]: too long" });
  expect(of("extra_vars.a.b: no")).toEqual({ field: "extra_vars", text: "a.b: no" });
  expect(of("nonsense: 1")).toEqual({ field: undefined, text: "nonsense: 1" });
  expect(of("12 runs are waiting already").field).toBeUndefined();
  expect(of("there is no such thing").field).toBeUndefined();
});
