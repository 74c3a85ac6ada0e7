import { expect, test } from "vitest";
import { actionWords, executionOf, faultWords, origin, verdictWords } from "./words";

test("entries in words", () => {
  expect(actionWords("create_token")).toBe("created a token");
  expect(actionWords("something_new")).toBe("something_new");
  expect(origin({ name: "token:ci", via: "session", peer: "10.0.0.7" })).toBe(
    "in the browser, from 10.0.0.7",
  );
  expect(actionWords("view")).toBe("looked at");
  expect(origin({ name: "schedule", via: "schedule" })).toBe("by the schedule");
  expect(origin({ name: "configuration", via: "configuration" })).toBe("by the configuration file");
});

test("only runs are links", () => {
  expect(executionOf("execution:0199c2a4-0000-7000-8000-000000000000")).toBe(
    "0199c2a4-0000-7000-8000-000000000000",
  );
  expect(executionOf("token:execution")).toBeUndefined();
  expect(executionOf("execution:../..")).toBeUndefined();
});

test("what a verification found", () => {
  expect(verdictWords({ is_whole: true, entries: 0, faults: [] })).toBe("There are no entries yet");
  expect(verdictWords({ is_whole: true, entries: 1, faults: [] })).toContain("All 1 entry");
  const faults = [{ fault: "missing", first: 4, last: 7 }];
  expect(verdictWords({ is_whole: false, entries: 12, faults })).toContain("1 fault in 12 entries");
  expect(faultWords({ fault: "missing", first: 4, last: 7 })).toBe("Entries 4 to 7 are missing");
  expect(faultWords({ fault: "added", first: 4, last: 4 })).toBe("Entry 4 is inserted");
});
