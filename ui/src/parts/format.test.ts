import { expect, test } from "vitest";
import { ago, dateTime, duration, fileName, plural, shortId } from "./format";

test("durations as people read them", () => {
  const said = [0, 0.44, 7.96, 9.96, 72, 60, 3_600, 7_512, 90_000, 360_000, -1, Number.NaN].map(duration);
  expect(said).toEqual([
    "0.0 s",
    "0.4 s",
    "8.0 s",
    "10 s",
    "1 min 12 s",
    "1 min",
    "1 h",
    "2 h 5 min",
    "1 d 1 h",
    "4 d 4 h",
    "0 s",
    "0 s",
  ]);
});

test("times in the chosen zone, and their age", () => {
  const time = new Date("2026-01-20T10:00:03Z");
  expect(dateTime(time, "utc")).toBe("2026-01-20 10:00:03");
  const after = (seconds: number) => ago(time, new Date(time.getTime() + seconds * 1000));
  expect(after(-3)).toBe("just now");
  expect(after(30)).toBe("just now");
  expect(after(300)).toBe("5 minutes ago");
  expect(after(86_400)).toBe("yesterday");
});

test("short forms of names and numbers", () => {
  expect(shortId("01a22b65-cf4a-7464-9ea5-e51d340f3666")).toBe("0f3666");
  expect(fileName("/srv/web/site.yml")).toBe("site.yml");
  expect(fileName("/")).toBe("/");
  expect(plural(1, "host")).toBe("1 host");
  expect(plural(1_200, "entry", "entries")).toBe("1,200 entries");
});
