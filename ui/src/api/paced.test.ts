import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Paced, paced } from "./paced";

let reads: number;
let takes: number;
let idle: ReturnType<typeof vi.fn<() => void>>;
let pace: Paced;

beforeEach(() => {
  vi.useFakeTimers();
  reads = 0;
  takes = 0;
  idle = vi.fn<() => void>();
  const read = () => {
    reads += 1;
    return new Promise((done) => setTimeout(done, takes));
  };
  pace = paced(2_000, read, idle);
});

afterEach(() => {
  pace.cancel();
  vi.useRealTimers();
});

/** Calls ten times a second for so many seconds. */
async function callFor(seconds: number): Promise<void> {
  for (let call = 0; call < seconds * 10; call += 1) {
    pace.call();
    await vi.advanceTimersByTimeAsync(100);
  }
}

test("what is read quickly is read every two seconds", async () => {
  takes = 10;
  await callFor(20);
  expect(reads).toBeGreaterThanOrEqual(9);
  expect(reads).toBeLessThanOrEqual(10);
});

test("what takes a second to read is read every eleven seconds, and the last change is not lost", async () => {
  takes = 1_000;
  await callFor(12);
  expect(reads).toBe(2);
  pace.call();
  await vi.advanceTimersByTimeAsync(11_000);
  expect(reads).toBe(3);
  expect(idle).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads).toBe(3);
  expect(idle).toHaveBeenCalledOnce();
});

test("what is final waits for no rest, but never reads twice at the same time", async () => {
  takes = 1_000;
  pace.call();
  await vi.advanceTimersByTimeAsync(500);
  pace.callNow();
  expect(reads).toBe(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(reads).toBe(2);
  await vi.advanceTimersByTimeAsync(1_500);
  pace.callNow();
  expect(reads).toBe(3);
});
