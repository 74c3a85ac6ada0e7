// @vitest-environment happy-dom
import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LiveEvents } from "../console/types";
import { FakeSocket } from "../test/sockets";
import { currentConnection } from "./connection";
import { watchOutput } from "./outputStream";
import { openSocket } from "./socket";
import { connect } from "./stream";

/** What requests are answered; none: nothing answers them. */
let answer: (() => Response) | undefined;
let requests: string[];
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  requests = [];
  answer = () => new Response('{"status":"running"}');
  stop = () => undefined;
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", (request: Request) => {
    requests.push(new URL(request.url).pathname);
    return new Promise((resolve, reject) => {
      if (answer === undefined) {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      } else {
        resolve(answer());
      }
    });
  });
});

afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

test("a socket that hears nothing is given up, once, although the browser takes it for open", async () => {
  const events = { open: vi.fn(), message: vi.fn(), lost: vi.fn() };
  const socket = openSocket("/stream?hosts=false", events);
  stop = () => socket.close();
  expect(FakeSocket.last?.url.search).toBe("?hosts=false&heartbeat=10");
  FakeSocket.last?.opens();
  for (let beat = 0; beat < 6; beat += 1) {
    await pass(10);
    FakeSocket.last?.says({ type: "heartbeat" });
  }
  expect(events.lost).not.toHaveBeenCalled();
  expect(socket.isOpen).toBe(true);
  await pass(23);
  expect(events.lost).toHaveBeenCalledOnce();
  expect(socket.isOpen).toBe(false);
  FakeSocket.last?.breaks();
  expect(events.lost).toHaveBeenCalledOnce();
  expect(events.message).toHaveBeenCalledTimes(6);
});

test("the page says within half a minute that the collector is away, and goes on when it is back", async () => {
  const live = connect(new QueryClient());
  stop = live.close;
  await pass(0);
  FakeSocket.last?.opens();
  expect(currentConnection()).toMatchObject({ state: "online", isLive: true });
  answer = undefined;
  await pass(31);
  expect(currentConnection()).toMatchObject({ state: "away", isLive: false });
  answer = () => new Response("{}");
  live.retry();
  const { length } = FakeSocket.made;
  FakeSocket.last?.opens();
  expect(currentConnection()).toMatchObject({ state: "online", isLive: true });
  for (let beat = 0; beat < 4; beat += 1) {
    await pass(10);
    FakeSocket.last?.says({ type: "heartbeat" });
  }
  expect(FakeSocket.made).toHaveLength(length);
});

test("a browser without a network asks at once, and connects as soon as there is one", async () => {
  const live = connect(new QueryClient());
  stop = live.close;
  await pass(0);
  FakeSocket.last?.opens();
  answer = undefined;
  window.dispatchEvent(new Event("offline"));
  await pass(9);
  expect(currentConnection().state).toBe("away");
  const { length } = FakeSocket.made;
  answer = () => new Response("{}");
  window.dispatchEvent(new Event("online"));
  expect(FakeSocket.made.length).toBeGreaterThan(length);
});

test("where no WebSocket gets through, what failed and lists are asked again now and then", async () => {
  const cache = new QueryClient();
  const invalidate = vi.spyOn(cache, "invalidateQueries");
  stop = connect(cache).close;
  for (let second = 0; second < 60; second += 1) {
    await pass(1);
    FakeSocket.last?.breaks();
  }
  const ofLists = invalidate.mock.calls.filter(([filter]) => filter?.queryKey?.[0] === "executions");
  expect(ofLists.length).toBeGreaterThanOrEqual(2);
  expect(ofLists.length).toBeLessThanOrEqual(6);
});

function watched(): { [name in keyof LiveEvents]: ReturnType<typeof vi.fn> } {
  const events = { lines: vi.fn(), look: vi.fn(), end: vi.fn() };
  stop = watchOutput("a", 5, events);
  return events;
}

test("lines go on after a dead connection, from the last one on", async () => {
  const events = watched();
  await pass(0);
  FakeSocket.last?.opens();
  FakeSocket.last?.says({ type: "output", content: "six", time: 1 });
  await pass(24);
  expect(events.lines).toHaveBeenCalledExactlyOnceWith(5, [{ text: "six", time: 1_000 }]);
  expect(FakeSocket.made).toHaveLength(2);
  expect(FakeSocket.last?.url.searchParams.get("since")).toBe("6");
  expect(events.end).not.toHaveBeenCalled();
});

test("where no WebSocket gets through, lines are asked for by range until the run is over", async () => {
  const events = watched();
  for (let second = 0; second < 30; second += 1) {
    await pass(1);
    FakeSocket.last?.breaks();
  }
  expect(events.look.mock.calls.length).toBeGreaterThanOrEqual(3);
  answer = () => new Response('{"status":"failed"}');
  await pass(6);
  FakeSocket.last?.breaks();
  await pass(1);
  expect(events.end).toHaveBeenCalledOnce();
  const { length } = FakeSocket.made;
  await pass(60);
  expect(FakeSocket.made).toHaveLength(length);
});

test.each([404, 410])("the socket gives up on a run that is gone (%i)", async (status) => {
  const events = watched();
  await pass(0);
  answer = () => new Response('{"error":{"code":"gone","message":"it was deleted"}}', { status });
  FakeSocket.last?.breaks();
  await pass(60);
  expect(events.end).toHaveBeenCalledOnce();
  expect(FakeSocket.made).toHaveLength(1);
  expect(requests).toHaveLength(1);
});
