import { expect, test } from "vitest";
import { cronWords, lineOf, NEW_WHEN, whenOf } from "./cron";

test("what is picked becomes a line, and comes back", () => {
  const picked = [
    [{ ...NEW_WHEN }, "30 3 * * *"],
    [{ ...NEW_WHEN, often: "hourly", time: "00:05" }, "5 * * * *"],
    [{ ...NEW_WHEN, often: "weekdays" }, "30 3 * * mon-fri"],
    [{ ...NEW_WHEN, often: "weekly", weekday: 7 }, "30 3 * * sun"],
    [{ ...NEW_WHEN, often: "monthly", day: "L" }, "30 3 L * *"],
  ] as const;
  for (const [when, line] of picked) {
    expect(lineOf(when)).toBe(line);
    expect(whenOf(line)).toEqual({ ...when, line });
  }
});

test("any other line stays a line", () => {
  for (const line of [
    "*/10 * * * *",
    "0 30 3 * * *",
    "30 3 1,15 * *",
    "30 3 * * fri#2",
    "30 3 0 * *",
    "60 3 * * *",
    "x",
  ]) {
    expect(whenOf(line)).toEqual({ ...NEW_WHEN, often: "cron", line });
    expect(lineOf(whenOf(line))).toBe(line);
  }
  expect(lineOf({ ...NEW_WHEN, time: "" })).toBe("");
});

test("lines in words", () => {
  expect(cronWords("30 3 * * mon-fri")).toBe("Monday to Friday at 03:30");
  expect(cronWords("@daily")).toBe("Every day at 00:00");
  expect(cronWords("0 0 * * 0")).toBe("Every Sunday at 00:00");
  expect(cronWords("0 * * * *")).toBe("Every hour");
  expect(cronWords("*/15 * * * *")).toBe("Every 15 minutes");
  expect(cronWords("*/5 * * * * *")).toBe("Every 5 seconds");
  expect(cronWords("0 4 L * *")).toBe("The last day of the month at 04:00");
  expect(cronWords("1 2 3 4 *")).toBe("1 2 3 4 *");
});
