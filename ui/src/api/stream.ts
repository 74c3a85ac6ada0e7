/**
 * The live connection: one WebSocket for all pages. It writes changed records into the query cache and has lists and
 * open executions read again. Only the collector knows which runs belong to a filtered list, so lists are requested
 * again, at most once a second, however many runs start.
 */
import type { QueryClient } from "@tanstack/react-query";
import { api, read } from "./client";
import { currentConnection, noteLive, onConnection } from "./connection";
import { ApiError } from "./error";
import { type Paced, paced } from "./paced";
import { keys, type Runs } from "./queries";
import { type OpenSocket, openSocket, patience } from "./socket";
import { throttle } from "./throttle";
import type { Execution, FeedMessage, ListedExecution } from "./types";

/** Waiting times between attempts to connect, in milliseconds; the last one repeats. */
const BACKOFF = [500, 1_000, 2_000, 5_000, 10_000];
/** How often lists are read again if no WebSocket can be opened, as behind some proxies. */
const POLL = 15_000;
/**
 * Shortest interval at which the parts of a running execution are read again, in milliseconds; slow reads are
 * repeated less often.
 */
const AGAIN = 2_000;
/** A run that ended this recently may have been read while it ended, in milliseconds; clocks differ. */
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
  let socket: OpenSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isClosed = false;

  function open(): void {
    clearTimeout(timer);
    socket?.close();
    // Hosts are counted, but not named: a run may have thousands, and changes several times a second.
    socket = openSocket("/stream?hosts=false", {
      open: () => {
        failures = 0;
        noteLive(true);
        // Changes in the meantime were not reported.
        if (isFirst) {
          feed.begin(began);
        } else {
          feed.readAgain();
        }
        isFirst = false;
      },
      message: (text) => feed.take(text),
      lost,
    });
  }

  function lost(): void {
    const gone = socket;
    noteLive(false);
    timer = setTimeout(open, BACKOFF[Math.min(failures, BACKOFF.length - 1)] ?? POLL);
    failures += 1;
    void ask().then((isThere) => {
      // A proxy that blocks WebSockets: lists are read again instead, unless another socket opens meanwhile.
      if (isThere && failures > BACKOFF.length && socket === gone && !isClosed) {
        feed.readAgain();
        clearTimeout(timer);
        timer = setTimeout(open, POLL);
      }
    });
  }

  /**
   * Whether the collector answers. If it does not, the client reports that; a login that ended (401) ends this,
   * too.
   */
  async function ask(): Promise<boolean> {
    try {
      await read(api.GET("/api/v1/ansible/whoami", { signal: patience() }));
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        close();
      }
      return false;
    }
  }

  function retry(): void {
    if (!isClosed && socket?.isOpen !== true) {
      open();
      void ask();
    }
  }

  // A request was not answered: a socket that is still open is dead.
  const stopWatching = onConnection(() => {
    if (currentConnection().state === "away" && socket?.isOpen === true) {
      socket.close();
      lost();
    }
  });
  // The browser knows at once when this machine loses its network. The collector may be on this machine: it is asked.
  const offline = () => void ask();
  window.addEventListener("offline", offline);
  window.addEventListener("online", retry);

  function close(): void {
    isClosed = true;
    stopWatching();
    window.removeEventListener("offline", offline);
    window.removeEventListener("online", retry);
    clearTimeout(timer);
    feed.close();
    socket?.close();
    noteLive(false);
  }

  // Not at once: React's strict mode mounts twice, and the first socket would be discarded while it opens.
  timer = setTimeout(open, 0);
  return { retry, close };
}

/** Writes the messages of the feed into the cache. */
export class Feed {
  readonly #cache: QueryClient;
  readonly #lists: ReturnType<typeof throttle>;
  readonly #slowLists: ReturnType<typeof throttle>;
  readonly #recent: ReturnType<typeof throttle>;
  /** What is read again for running executions, by their ids. */
  readonly #going = new Map<string, Paced>();

  constructor(cache: QueryClient) {
    this.#cache = cache;
    this.#lists = throttle(1_000, () => void cache.invalidateQueries({ queryKey: keys.lists }));
    this.#slowLists = throttle(10_000, () => this.#lists.call());
    this.#recent = throttle(5_000, () => void cache.invalidateQueries({ queryKey: keys.recent }));
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
   * The connection is open for the first time. Data that was read since `began` is a moment old: for a run
   * that ended before, only the record is read again, which shows a redaction, but not its parts, which may
   * be large.
   */
  begin(began: number): void {
    this.#lists.call();
    void this.#cache.invalidateQueries({
      queryKey: ["execution"],
      predicate: ({ queryKey: [, id, part], state }) =>
        part !== "part" || state.dataUpdatedAt < began || !this.#hadEnded(String(id), began),
    });
    this.#readFailed();
  }

  #hadEnded(id: string, time: number): boolean {
    const end = this.#cache.getQueryData<Execution>(keys.record(id))?.end_time;
    return end !== undefined && end !== null && Date.parse(end) < time - JUST_ENDED;
  }

  /** Everything that is shown may be out of date. */
  readAgain(): void {
    this.#lists.call();
    void this.#cache.invalidateQueries({ queryKey: ["execution"] });
    this.#readFailed();
  }

  /** Everything else that could not be read is read now that the collector answers. */
  #readFailed(): void {
    void this.#cache.invalidateQueries({
      predicate: ({ queryKey: [kind], state }) =>
        state.status === "error" && kind !== "execution" && kind !== keys.lists[0],
    });
  }

  close(): void {
    this.#lists.cancel();
    this.#slowLists.cancel();
    this.#recent.cancel();
    for (const going of this.#going.values()) {
      going.cancel();
    }
    this.#going.clear();
  }

  #put(execution: ListedExecution, event: "started" | "changed" | "ended"): void {
    const { id } = execution;
    this.#cache.setQueryData<Execution>(keys.record(id), (before) => before && renewed(before, execution));
    let isKnown = false;
    for (const [key, runs] of this.#cache.getQueriesData<Runs>({ queryKey: keys.pages })) {
      if (runs?.executions.some((other) => other.id === id)) {
        isKnown = true;
        const executions = runs.executions.map((other) =>
          other.id === id ? withCost(other, execution) : other,
        );
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
    this.#readRun(id, event === "ended");
  }

  /** Reads an execution's displayed data again: its parts, and its record's data about each host. */
  #readRun(id: string, isFinal: boolean): void {
    const queryKey = keys.execution(id);
    if (this.#cache.getQueryCache().findAll({ queryKey }).length === 0) {
      return;
    }
    let going = this.#going.get(id);
    if (going === undefined) {
      const read = () => this.#cache.invalidateQueries({ queryKey });
      going = paced(AGAIN, read, () => this.#going.delete(id));
      this.#going.set(id, going);
    }
    if (isFinal) {
      going.callNow();
    } else {
      going.call();
    }
  }
}

/** A single record, updated from the feed; the feed does not name hosts. */
function renewed(before: Execution, now: ListedExecution): Execution {
  const { stats, unreachable, failed } = before;
  return { ...withCost(before, now), stats, unreachable, failed };
}

/** A record in a list, which only has a cost if lists request it. */
function withCost({ cost }: ListedExecution, now: ListedExecution): ListedExecution {
  return cost === undefined ? now : { ...now, cost };
}

function parse(text: unknown): FeedMessage | undefined {
  if (typeof text !== "string") {
    return undefined;
  }
  try {
    // The generated type is the collector's promise; kinds that it adds later are skipped in `take`.
    const message: FeedMessage = JSON.parse(text);
    return message;
  } catch {
    return undefined;
  }
}
