/**
 * The live connection: one WebSocket for all pages. It writes changed records into the query cache and has lists and
 * open executions read again. Which runs belong to a filtered list is for the collector to say, so lists are asked
 * again, at most once a second, however many runs start.
 */
import type { QueryClient } from "@tanstack/react-query";
import { base } from "./base";
import { api, read } from "./client";
import { currentConnection, noteLive, onConnection } from "./connection";
import { ApiError } from "./error";
import { keys, type Runs } from "./queries";
import { throttle } from "./throttle";
import type { Execution, FeedMessage } from "./types";

/** Waiting times between attempts to connect, in milliseconds; the last one repeats. */
const BACKOFF = [500, 1_000, 2_000, 5_000, 10_000];
/** How often lists are read again where no WebSocket can be opened, as behind some proxies. */
const POLL = 15_000;
/** A run that ended this short a time ago may have been read while it ended, in milliseconds; clocks differ. */
const JUST_ENDED = 60_000;

export interface LiveConnection {
  /** Tries to connect at once, rather than after the waiting time. */
  retry(): void;
  close(): void;
}

/** Connects, and stays connected until closed. */
export function connect(cache: QueryClient): LiveConnection {
  const feed = new Feed(cache);
  const began = Date.now();
  let isFirst = true;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isClosed = false;

  function open(): void {
    clearTimeout(timer);
    const opened = new WebSocket(address());
    socket = opened;
    opened.onopen = () => {
      failures = 0;
      noteLive(true);
      // What happened in the meantime was not told.
      if (isFirst) {
        feed.begin(began);
      } else {
        feed.readAgain();
      }
      isFirst = false;
    };
    opened.onmessage = (event) => feed.take(event.data);
    opened.onclose = () => {
      if (!isClosed && socket === opened) {
        noteLive(false);
        void reconnect();
      }
    };
  }

  async function reconnect(): Promise<void> {
    const wait = BACKOFF[Math.min(failures, BACKOFF.length - 1)] ?? POLL;
    failures += 1;
    clearTimeout(timer);
    timer = setTimeout(open, wait);
    try {
      // Tells a collector that is away from a login that ended (401: the client says so) and a proxy that lets no
      // WebSocket through.
      await read(api.GET("/api/v1/ansible/whoami"));
      if (failures > BACKOFF.length) {
        feed.readAgain();
        clearTimeout(timer);
        timer = setTimeout(open, POLL);
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        close();
      }
    }
  }

  // A request found that nothing answers: a socket that is still open may be dead, and does not say so for minutes.
  const stopWatching = onConnection(() => {
    if (currentConnection().state === "away" && socket?.readyState === WebSocket.OPEN) {
      socket.close();
    }
  });

  function close(): void {
    isClosed = true;
    stopWatching();
    clearTimeout(timer);
    feed.close();
    socket?.close();
    noteLive(false);
  }

  // Not at once: React's strict mode mounts twice, and the first socket would be thrown away while it opens.
  timer = setTimeout(open, 0);
  return {
    retry: () => {
      if (!isClosed && socket?.readyState !== WebSocket.OPEN) {
        socket?.close();
        open();
      }
    },
    close,
  };
}

function address(): string {
  const url = new URL(`${base}api/v1/ansible/stream`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** Brings the messages of the feed into the cache. */
export class Feed {
  readonly #cache: QueryClient;
  readonly #lists: ReturnType<typeof throttle>;
  readonly #slowLists: ReturnType<typeof throttle>;
  readonly #recent: ReturnType<typeof throttle>;
  /** Executions of which the parts are to be read again. */
  readonly #changed = new Set<string>();
  readonly #parts: ReturnType<typeof throttle>;

  constructor(cache: QueryClient) {
    this.#cache = cache;
    this.#lists = throttle(1_000, () => void cache.invalidateQueries({ queryKey: keys.lists }));
    this.#slowLists = throttle(10_000, () => this.#lists.call());
    this.#recent = throttle(5_000, () => void cache.invalidateQueries({ queryKey: keys.recent }));
    this.#parts = throttle(2_000, () => {
      for (const id of this.#changed) {
        void cache.invalidateQueries({ queryKey: [...keys.execution(id), "part"] });
      }
      this.#changed.clear();
    });
  }

  take(text: unknown): void {
    const message = parse(text);
    if (message?.type === "execution") {
      this.#put(message.execution, message.event);
    } else if (message?.type === "deleted") {
      this.#lists.call();
      void this.#cache.invalidateQueries({ queryKey: keys.execution(message.id) });
    } else if (message?.type === "behind") {
      this.readAgain();
    }
  }

  /**
   * The connection is open for the first time. What was read since `began` is a moment old: of a run that ended before only the record
   * is read again, which tells of a redaction, and not its parts, which may be large.
   */
  begin(began: number): void {
    this.#lists.call();
    void this.#cache.invalidateQueries({
      queryKey: ["execution"],
      predicate: ({ queryKey: [, id, part], state }) =>
        part !== "part" || state.dataUpdatedAt < began || !this.#hadEnded(String(id), began),
    });
  }

  #hadEnded(id: string, time: number): boolean {
    const end = this.#cache.getQueryData<Execution>(keys.record(id))?.end_time;
    return end !== undefined && end !== null && Date.parse(end) < time - JUST_ENDED;
  }

  /** All that is shown may be out of date. */
  readAgain(): void {
    this.#lists.call();
    void this.#cache.invalidateQueries({ queryKey: ["execution"] });
  }

  close(): void {
    this.#lists.cancel();
    this.#slowLists.cancel();
    this.#recent.cancel();
    this.#parts.cancel();
  }

  #put(execution: Execution, event: "started" | "changed" | "ended"): void {
    const { id } = execution;
    if (this.#cache.getQueryState(keys.record(id)) !== undefined) {
      this.#cache.setQueryData(keys.record(id), execution);
    }
    let isKnown = false;
    for (const [key, runs] of this.#cache.getQueriesData<Runs>({ queryKey: keys.pages })) {
      if (runs?.executions.some((other) => other.id === id)) {
        isKnown = true;
        const executions = runs.executions.map((other) => (other.id === id ? execution : other));
        this.#cache.setQueryData<Runs>(key, { ...runs, executions });
      }
    }
    if (event !== "changed") {
      this.#lists.call();
      this.#recent.call();
    } else if (!isKnown) {
      // It may belong to a filtered list by now, but while it runs that is not urgent.
      this.#slowLists.call();
    }
    this.#changed.add(id);
    this.#parts.call();
  }
}

function parse(text: unknown): FeedMessage | undefined {
  if (typeof text !== "string") {
    return undefined;
  }
  try {
    // The generated type is what the collector promises; kinds it adds later are passed over in `take`.
    const message: FeedMessage = JSON.parse(text);
    return message;
  } catch {
    return undefined;
  }
}
