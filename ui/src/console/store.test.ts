import { afterEach, describe, expect, it, vi } from "vitest";
import { LineStore } from "./store";
import type { Line, LiveEvents, Page, Source, StreamName } from "./types";

afterEach(() => vi.useRealTimers());

const line = (number: number): Line => ({
  number,
  text: `line ${number}`,
  time: number,
  stream: number % 10 === 3 ? "stderr" : "stdout",
});

/** A run of so many lines; it can grow, and fail. */
class Run implements Source {
  asked: number[] = [];
  broken = false;
  events: LiveEvents | undefined;
  constructor(public total: number) {}

  async page(from: number, limit: number, only: StreamName | undefined): Promise<Page> {
    this.asked.push(from);
    if (this.broken) {
      throw new Error("away");
    }
    const lines: Line[] = [];
    let at = from;
    for (; at < this.total && lines.length < limit; at += 1) {
      const next = line(at);
      if (only === undefined || next.stream === only) {
        lines.push(next);
      }
    }
    return { lines, total: this.total, ...(at < this.total ? { next: at } : {}) };
  }

  live(_since: number, events: LiveEvents): () => void {
    this.events = events;
    return () => undefined;
  }

  print(count: number): void {
    const first = this.total;
    this.total += count;
    const lines = Array.from({ length: count }, (_, index) => ({ text: `line ${first + index}`, time: 0 }));
    this.events?.lines(first, lines);
  }
}

async function opened(run: Run, options: { only?: StreamName; live?: boolean } = {}): Promise<LineStore> {
  const store = new LineStore({ source: run, only: options.only, live: options.live ?? false });
  store.start();
  await vi.waitFor(() => expect(store.snapshot().ready).toBe(true));
  return store;
}

describe("ranges", () => {
  it("loads what is wanted first, then all the rest", async () => {
    const run = new Run(20_500);
    const store = new LineStore({ source: run, live: false });
    store.want([40, 39]);
    await vi.waitFor(() => expect(store.snapshot().whole).toBe(true));
    expect(run.asked.slice(0, 2)).toEqual([20_000, 19_000]);
    expect(new Set(run.asked).size).toBe(run.asked.length);
    expect(store.lineAt(20_499)?.text).toBe("line 20499");
    expect(store.chunk(40)).toHaveLength(500);
    expect([...store.takeChanged()]).toHaveLength(41);
    expect(store.takeChanged().size).toBe(0);
  });

  it("loads no more than is wanted of a million lines, and forgets what is far", async () => {
    const run = new Run(1_000_000);
    const store = await opened(run);
    for (let chunk = 2; chunk < 400; chunk += 2) {
      store.want([chunk]);
      await vi.waitFor(() => expect(store.has(chunk)).toBe(true), { interval: 1 });
    }
    expect(store.chunk(0)).toBeUndefined();
    expect([...store.loaded()].length).toBeLessThanOrEqual(120);
    expect(store.snapshot()).toMatchObject({ whole: false, rows: 1_000_000 });
  });

  it("says what is wrong, and tries again", async () => {
    vi.useFakeTimers();
    const run = new Run(10);
    run.broken = true;
    const store = new LineStore({ source: run, live: false });
    store.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(store.snapshot()).toMatchObject({ error: "away", ready: false });
    run.broken = false;
    await vi.advanceTimersByTimeAsync(2100);
    expect(store.snapshot()).toMatchObject({ error: undefined, rows: 10 });
  });

  it("is empty without lines", async () => {
    const store = await opened(new Run(0));
    expect(store.snapshot()).toMatchObject({ rows: 0, whole: true });
  });
});

describe("live lines", () => {
  it("appends them at once, and settles them later", async () => {
    const run = new Run(3);
    const store = await opened(run, { live: true });
    run.print(1200);
    expect(store.snapshot().rows).toBe(1203);
    expect(store.lineAt(13)).toMatchObject({ text: "line 13", time: 0, stream: "stdout" });
    await vi.waitFor(() => expect(store.lineAt(13)).toMatchObject({ time: 13, stream: "stderr" }), 3000);
    run.events?.end();
    await vi.waitFor(() => expect(store.snapshot().live).toBe(false));
    store.stop();
  });

  it("are asked for where the stream brings none, and are not put back to what a stream says of them", async () => {
    const run = new Run(3);
    const store = await opened(run, { live: true });
    run.total = 20;
    run.events?.look();
    await vi.waitFor(() => expect(store.lineAt(13)).toMatchObject({ time: 13, stream: "stderr" }));
    // It was only lost for a while, and goes on where it was.
    const lines = Array.from({ length: 18 }, (_, index) => ({ text: `line ${3 + index}`, time: 0 }));
    run.total = 21;
    run.events?.lines(3, lines);
    expect(store.lineAt(13)).toMatchObject({ time: 13, stream: "stderr" });
    expect(store.lineAt(20)).toMatchObject({ text: "line 20", time: 0 });
    store.stop();
  });

  it("come to their end although the collector is away when the run ends", async () => {
    vi.useFakeTimers();
    const run = new Run(3);
    const store = new LineStore({ source: run, live: true });
    store.start();
    await vi.advanceTimersByTimeAsync(10);
    run.total = 9;
    run.broken = true;
    run.events?.end();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(store.snapshot()).toMatchObject({ live: true, rows: 3 });
    run.broken = false;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(store.snapshot()).toMatchObject({ live: false, rows: 9 });
    store.stop();
  });

  it("are forgotten, too, far from those that are shown", async () => {
    const run = new Run(0);
    const store = await opened(run, { live: true });
    for (let printed = 0; printed < 300; printed += 1) {
      run.print(500);
      store.want([printed, printed - 1]);
    }
    expect(store.snapshot()).toMatchObject({ rows: 150_000, whole: false });
    expect([...store.loaded()]).toHaveLength(120);
    expect(store.lineAt(149_999)?.text).toBe("line 149999");
    expect(store.chunk(0)).toBeUndefined();
    store.stop();
  });

  it("does not leave a hole where the lines before were never loaded", async () => {
    const run = new Run(150_200);
    const store = await opened(run, { live: true });
    run.print(10);
    expect(store.snapshot().rows).toBe(150_210);
    expect(store.has(300)).toBe(false);
    store.want([300]);
    await vi.waitFor(() => expect(store.has(300)).toBe(true));
    store.stop();
  });
});

describe("one stream only", () => {
  it("loads its lines one after the other, and finds rows by number", async () => {
    const run = new Run(15_000);
    const store = await opened(run, { only: "stderr" });
    await vi.waitFor(() => expect(store.snapshot().whole).toBe(true));
    expect(store.snapshot().rows).toBe(1500);
    expect(store.lineAt(2)?.number).toBe(23);
    expect([store.rowOf(23), store.rowOf(24), store.rowOf(999_999)]).toEqual([2, 3, 1499]);
  });

  it("goes on while the run prints", async () => {
    const run = new Run(10);
    const store = await opened(run, { only: "stderr", live: true });
    expect(store.snapshot().rows).toBe(1);
    run.print(20);
    await vi.waitFor(() => expect(store.snapshot().rows).toBe(3), 3000);
    store.stop();
  });
});
