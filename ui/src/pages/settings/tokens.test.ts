import { expect, test } from "vitest";
import { tokenRequest } from "./tokens";

test("a token has a name, scopes, and perhaps an end", () => {
  expect(tokenRequest(" ci ", ["ingest"], "")).toEqual({ name: "ci", scopes: ["ingest"] });
  expect(tokenRequest("ci", ["read", "run"], "30")).toEqual({
    name: "ci",
    scopes: ["read", "run"],
    expires_days: 30,
  });
});

test("nothing is asked for as long as something is missing", () => {
  expect(tokenRequest(" ", ["read"], "")).toBeUndefined();
  expect(tokenRequest("ci", [], "")).toBeUndefined();
  expect(tokenRequest("ci", ["read"], "1.5")).toBeUndefined();
  expect(tokenRequest("ci", ["read"], "soon")).toBeUndefined();
});
