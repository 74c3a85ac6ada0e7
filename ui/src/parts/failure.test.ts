import { expect, test } from "vitest";
import { ApiError } from "../api/error";
import { failureOf } from "./failure";

test("what was read stays when a later reading fails, unless it does not exist any more", () => {
  const away = ApiError.away();
  const gone = new ApiError(410, "gone", "it was deleted");
  expect(failureOf({ data: undefined, error: null })).toBeUndefined();
  expect(failureOf({ data: undefined, error: away })).toBe(away);
  expect(failureOf({ data: {}, error: away })).toBeUndefined();
  expect(failureOf({ data: {}, error: gone })).toBe(gone);
});
