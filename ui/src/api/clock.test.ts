import { afterEach, expect, test, vi } from "vitest";

const NOON = Date.parse("2026-01-20T12:00:00Z");

/** A clock that knows nothing yet. */
async function clock() {
  vi.resetModules();
  vi.useFakeTimers({ now: NOON });
  return await import("./clock");
}

afterEach(() => vi.useRealTimers());

test("a browser's clock that is right is left alone", async () => {
  const { collectorNow, noteDate } = await clock();
  expect(collectorNow()).toBe(NOON);
  noteDate("Tue, 20 Jan 2026 12:00:00 GMT", NOON, NOON + 80);
  noteDate(null, NOON, NOON);
  noteDate("soon", NOON, NOON);
  expect(collectorNow()).toBe(NOON);
});

test("of one that is wrong, answers tell the difference, each more exactly", async () => {
  const { collectorNow, noteDate } = await clock();
  // The collector is 90.6 s ahead.
  noteDate("Tue, 20 Jan 2026 12:01:30 GMT", NOON, NOON + 100);
  expect(collectorNow() - NOON).toBeGreaterThanOrEqual(89_900);
  noteDate("Tue, 20 Jan 2026 12:01:31 GMT", NOON + 400, NOON + 500);
  expect(Math.abs(collectorNow() - NOON - 90_600)).toBeLessThan(200);
});

test("a clock that is set is believed", async () => {
  const { collectorNow, noteDate } = await clock();
  noteDate("Tue, 20 Jan 2026 13:00:00 GMT", NOON, NOON + 10);
  noteDate("Tue, 20 Jan 2026 12:00:00 GMT", NOON, NOON + 10);
  expect(collectorNow()).toBe(NOON);
});
