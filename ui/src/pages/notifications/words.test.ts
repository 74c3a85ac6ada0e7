import { expect, test } from "vitest";
import type { Trigger } from "../../api/types";
import {
  MORE_TRIGGERS,
  quietWords,
  ruleDetails,
  tookWords,
  triggersOf,
  triggersWords,
  USUAL_TRIGGERS,
} from "./words";

test("triggers in a sentence", () => {
  expect(triggersWords(["broke"])).toBe("it breaks");
  expect(triggersWords(["broke", "recovered", "silent"])).toBe("it breaks, it recovers or it does not run");
});

test("each trigger is offered once, and a target names each once", () => {
  const offered = [...USUAL_TRIGGERS, ...MORE_TRIGGERS].map(({ trigger }) => trigger);
  expect(new Set(offered).size).toBe(15);
  const on: Trigger[] = ["broke", "lost"];
  expect(triggersOf({ kind: "slack", rules: [{ on }, { on: ["lost"] }] })).toEqual(["broke", "lost"]);
});

test("numbers are told of the triggers that have them", () => {
  expect(ruleDetails({ on: ["broke"], waiting_minutes: 10, still_broken_every: 10 })).toEqual([]);
  expect(ruleDetails({ on: ["silent", "waiting"], silent_hours: 26, waiting_minutes: 5 })).toEqual([
    "does not run: 26 hours without a run",
    "waits: 5 minutes",
  ]);
  expect(ruleDetails({ on: ["budget"] })).toEqual(["100 percent of a budget"]);
  expect(ruleDetails({ on: ["budget"], budgets: ["a", "b"], budget_percent: 80 })).toEqual([
    "80 percent of a, b",
  ]);
});

test("how long an attempt took", () => {
  expect([0, 0.0124, 2.34].map(tookWords)).toEqual(["1 ms", "12 ms", "2.3 s"]);
});

test("quiet hours in words", () => {
  expect(quietWords({ from: "22:00", to: "06:00" })).toBe("22:00 to 06:00");
  expect(quietWords({ from: "00:00", to: "23:59", days: ["sat", "sun"] })).toBe(
    "00:00 to 23:59, beginning on Saturday and Sunday",
  );
});
