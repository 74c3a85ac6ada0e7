// @vitest-environment happy-dom
import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NO_HOSTS } from "../test/records";
import { keys, type Runs } from "./queries";
import { Feed } from "./stream";
import type { Execution } from "./types";

const RUN: Execution = {
  id: "a",
  status: "running",
  phase: "running",
  start_time: "2026-01-20T10:00:00Z",
  stats: {},
  hosts_by_outcome: NO_HOSTS,
  changed: false,
  unreachable: [],
  failed: [],
  events: { complete: false, received: 1 },
  output_lines: 0,
  results: 0,
};
const LIST = keys.list({ limit: 50 });

let cache: QueryClient;
let feed: Feed;

beforeEach(() => {
  vi.useFakeTimers();
  cache = new QueryClient({ defaultOptions: { queries: { structuralSharing: false } } });
  cache.setQueryData<Runs>(LIST, { executions: [RUN], next: null, searchedBackTo: null });
  feed = new Feed(cache);
});

afterEach(() => {
  feed.close();
  vi.useRealTimers();
});

const tell = (event: string, execution: Execution) =>
  feed.take(JSON.stringify({ type: "execution", event, execution }));
const listed = () => cache.getQueryData<Runs>(LIST)?.executions ?? [];
const isOld = () => cache.getQueryState(LIST)?.isInvalidated ?? false;

test("a changed run changes in its lists and its own pages", () => {
  cache.setQueryData(keys.record("a"), RUN);
  cache.setQueryData(keys.part("a", "explain"), {});
  tell("changed", { ...RUN, results: 7 });
  expect(listed()[0]?.results).toBe(7);
  expect(cache.getQueryData<Execution>(keys.record("a"))?.results).toBe(7);
  expect(cache.getQueryState(keys.part("a", "explain"))?.isInvalidated).toBe(true);
  expect(isOld()).toBe(false);
});

test("what else is read about runs has other data, and is asked again when runs start and end", () => {
  const others = [
    ["executions", "hosts", {}],
    ["executions", "host", "web-01"],
    ["executions", "trends", {}, 200],
    ["executions", "report", "r"],
  ];
  for (const key of others) {
    cache.setQueryData(key, { hosts: [] });
  }
  tell("changed", { ...RUN, results: 7 });
  expect(listed()[0]?.results).toBe(7);
  tell("ended", { ...RUN, status: "success" });
  expect(listed()[0]?.status).toBe("success");
  expect(others.map((key) => cache.getQueryState(key)?.isInvalidated)).toEqual([true, true, true, true]);
});

test("the feed names no hosts: what a record says of them stays until it is read again", () => {
  const stats = { "web-01": { ok: 1, failed: 1 } };
  cache.setQueryData<Execution>(keys.record("a"), { ...RUN, stats, failed: ["web-01"] });
  const { stats: _, unreachable: __, failed: ___, ...brief } = { ...RUN, results: 9 };
  feed.take(JSON.stringify({ type: "execution", event: "changed", execution: brief }));
  const record = cache.getQueryData<Execution>(keys.record("a"));
  expect(record).toEqual({ ...RUN, results: 9, stats, failed: ["web-01"] });
  expect(cache.getQueryState(keys.record("a"))?.isInvalidated).toBe(true);
});

test("what is shown of a run that goes on is read again now and then, and at its end at once", async () => {
  cache.setQueryData(keys.record("a"), RUN);
  const invalidate = vi.spyOn(cache, "invalidateQueries");
  const ofRun = () =>
    invalidate.mock.calls.filter(([filter]) => filter?.queryKey?.[0] === "execution").length;
  for (let message = 0; message < 45; message += 1) {
    tell("changed", { ...RUN, results: message });
    await vi.advanceTimersByTimeAsync(200);
  }
  expect(ofRun()).toBe(5);
  tell("ended", { ...RUN, status: "success" });
  await vi.advanceTimersByTimeAsync(1);
  expect(ofRun()).toBe(6);
});

test("a run that nobody looks at is not kept", () => {
  tell("changed", { ...RUN, id: "b" });
  expect(cache.getQueryData(keys.record("b"))).toBeUndefined();
});

test("lists are asked again for runs that start and end, at most once a second", () => {
  const invalidate = vi.spyOn(cache, "invalidateQueries");
  const ofLists = () => invalidate.mock.calls.filter(([filter]) => filter?.queryKey === keys.lists).length;
  for (let number = 0; number < 10_000; number += 1) {
    tell("started", { ...RUN, id: `new-${number}` });
  }
  expect(ofLists()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(ofLists()).toBe(2);
  vi.advanceTimersByTime(60_000);
  expect(ofLists()).toBe(2);
});

test("deleted runs and missed messages have everything read again", () => {
  cache.setQueryData(keys.record("a"), RUN);
  feed.take('{"type":"deleted","id":"a"}');
  expect(cache.getQueryState(keys.record("a"))?.isInvalidated).toBe(true);
  expect(isOld()).toBe(true);
  cache.setQueryData(keys.record("a"), RUN);
  feed.take('{"type":"behind"}');
  expect(cache.getQueryState(keys.record("a"))?.isInvalidated).toBe(true);
});

test("whatever could not be read is read when the connection is there again", async () => {
  const fail = () => Promise.reject(new Error("away"));
  const failed = [["launch", "playbooks"], ["identity"], ["tokens"]];
  for (const queryKey of failed) {
    await cache.prefetchQuery({ queryKey, queryFn: fail, retry: false });
  }
  cache.setQueryData(["audit"], {});
  feed.readAgain();
  expect(failed.map((key) => cache.getQueryState(key)?.isInvalidated)).toEqual([true, true, true]);
  expect(cache.getQueryState(["audit"])?.isInvalidated).toBe(false);
});

test("what is no message is passed over", () => {
  for (const text of ["", "{", "null", '{"type":"news"}', new ArrayBuffer(3)]) {
    feed.take(text);
  }
  expect(listed()).toEqual([RUN]);
});

test("when the connection first opens, large parts of runs that ended before are not read twice", () => {
  const began = Date.now();
  const isPartOld = (id: string) => cache.getQueryState(keys.part(id, "matrix"))?.isInvalidated;
  const ended = new Date(began - 3_600_000).toISOString();
  cache.setQueryData(keys.record("going"), RUN);
  cache.setQueryData(keys.record("over"), { ...RUN, status: "success", end_time: ended });
  cache.setQueryData(keys.record("just over"), {
    ...RUN,
    status: "success",
    end_time: new Date(began).toISOString(),
  });
  for (const id of ["going", "over", "just over", "not known"]) {
    cache.setQueryData(keys.part(id, "matrix"), {});
  }
  feed.begin(began);
  expect(["going", "over", "just over", "not known"].map(isPartOld)).toEqual([true, false, true, true]);
  expect(cache.getQueryState(keys.record("over"))?.isInvalidated).toBe(true);
  expect(isOld()).toBe(true);
  // What was left from an earlier login is read again.
  feed.begin(began + 1);
  expect(isPartOld("over")).toBe(true);
});

test("bars of last runs are read again when runs start and end", () => {
  cache.setQueryData([...keys.recent, "site.yml"], new Map());
  const isRecentOld = () => cache.getQueryState([...keys.recent, "site.yml"])?.isInvalidated;
  tell("changed", { ...RUN, results: 7 });
  expect(isRecentOld()).toBe(false);
  tell("ended", { ...RUN, status: "success" });
  expect(isRecentOld()).toBe(true);
});
