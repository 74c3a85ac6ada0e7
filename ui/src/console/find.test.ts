import { expect, it, vi } from "vitest";
import { compile, find, matches, step } from "./find";
import { LineStore } from "./store";
import type { Page, Query, Source } from "./types";

const TEXTS = ["ok: [web-01]", "\u001b[31mfa\u001b[1mtal: 10.0.0.1\u001b[0m", "FATAL", "a(b"];
const query = (text: string, more: Partial<Query> = {}): Query => ({
  text,
  regex: false,
  caseSensitive: false,
  ...more,
});

function source(total: number, search?: Source["search"]): Source {
  const page = async (from: number, limit: number): Promise<Page> => ({
    lines: Array.from({ length: Math.min(limit, total - from) }, (_, index) => ({
      number: from + index,
      text: TEXTS[(from + index) % TEXTS.length] ?? "",
      time: 0,
      stream: "stdout" as const,
    })),
    total,
  });
  return search === undefined ? { page } : { page, search };
}

async function numbers(asked: Query): Promise<number[]> {
  const from = source(4);
  const store = new LineStore({ source: from, live: false });
  store.start();
  await vi.waitFor(() => expect(store.snapshot().whole).toBe(true));
  const found = await find(asked, store, from, false, new AbortController().signal);
  expect(found.where).toBe("all");
  return found.hits.map((hit) => hit.number);
}

it("finds texts across colours, whatever characters they hold", async () => {
  expect(await numbers(query("fatal"))).toEqual([1, 2]);
  expect(await numbers(query("FATAL", { caseSensitive: true }))).toEqual([2]);
  expect(await numbers(query("a(b"))).toEqual([3]);
  expect(await numbers(query("10.0"))).toEqual([1]);
  expect(await numbers(query("1..0"))).toEqual([]);
});

it("finds regular expressions, and says what is wrong with one", async () => {
  expect(await numbers(query("^fa?tal.*\\d$", { regex: true }))).toEqual([1]);
  await expect(numbers(query("(", { regex: true }))).rejects.toThrow(/Unterminated/);
  expect(typeof compile(query("(", { regex: true }))).toBe("string");
});

it("asks the server when not all lines are here", async () => {
  const search = vi.fn(async () => ({ hits: [{ number: 900_000 }], total: 1 }));
  const big = source(1_000_000, search);
  const store = new LineStore({ source: big, live: false });
  store.start();
  await vi.waitFor(() => expect(store.snapshot().ready).toBe(true));
  const signal = new AbortController().signal;
  expect(await find(query("x"), store, big, false, signal)).toMatchObject({ where: "server", total: 1 });
  expect(await find(query("fatal"), store, source(1), false, signal)).toMatchObject({ where: "loaded" });
});

it("leaves expressions that may stop the page to the server", async () => {
  const search = vi.fn(async () => ({ hits: [{ number: 2 }], total: 1 }));
  const slow = query("(a+)+$", { regex: true });
  const here = source(4, search);
  const store = new LineStore({ source: here, live: false });
  store.start();
  await vi.waitFor(() => expect(store.snapshot().whole).toBe(true));
  const { signal } = new AbortController();
  expect(await find(slow, store, here, false, signal)).toMatchObject({ where: "server", total: 1 });
  await expect(find(slow, store, here, true, signal)).rejects.toThrow(/too long/);
  expect(search).toHaveBeenCalledTimes(1);
});

it("goes round at both ends", () => {
  const hits = [{ number: 3 }, { number: 7 }];
  expect(step(hits, 3, true)).toBe(1);
  expect(step(hits, 7, true)).toBe(0);
  expect(step(hits, 3, false)).toBe(1);
  expect(step(hits, 7, false)).toBe(0);
  expect(step([], 0, true)).toBe(-1);
});

it("finds places within a line, and ends for expressions that match nothing", () => {
  expect(matches(/a/g, "banana", 2)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(matches(/x*/g, "banana", 9)).toEqual([]);
});
