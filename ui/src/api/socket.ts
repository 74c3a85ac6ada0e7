/**
 * A WebSocket to the collector that notices when its connection is dead. Browsers show no pings to a page, and take minutes to find
 * out that nothing answers any more; so the collector is asked for heartbeats, and a socket that hears none is given up.
 */
import { base } from "./base";

/** The collector sends something at least this often, in seconds. */
const HEARTBEAT = 10;
/** A connection on which nothing came for so long is dead, in milliseconds: two heartbeats did not come. */
const SILENCE = 22_000;
/** How long an answer to a small request may take, in milliseconds, before the collector counts as away. */
const PATIENCE = 8_000;

export interface SocketEvents {
  open?(): void;
  message(text: unknown): void;
  /** The connection ended, could not be opened, or is dead: called once, and nothing comes after it. */
  lost(): void;
}

export interface OpenSocket {
  readonly isOpen: boolean;
  /** Ends it; `lost` is not called. */
  close(): void;
}

/** Opens a socket at a path below `/api/v1/ansible`. */
export function openSocket(path: string, events: SocketEvents): OpenSocket {
  const url = new URL(`${base}api/v1/ansible${path}`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("heartbeat", String(HEARTBEAT));
  const socket = new WebSocket(url);
  let isOver = false;
  let heard = performance.now();
  let timer = setTimeout(check, SILENCE);

  function check(): void {
    const quiet = performance.now() - heard;
    if (quiet >= SILENCE) {
      lose();
    } else {
      timer = setTimeout(check, SILENCE - quiet);
    }
  }

  function end(): void {
    isOver = true;
    clearTimeout(timer);
    // The browser waits for the other side before it says that a socket is closed, and a dead one never answers.
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  function lose(): void {
    end();
    events.lost();
  }

  socket.onopen = () => {
    heard = performance.now();
    events.open?.();
  };
  socket.onmessage = (event) => {
    heard = performance.now();
    events.message(event.data);
  };
  socket.onclose = lose;
  return {
    get isOpen() {
      return !isOver && socket.readyState === WebSocket.OPEN;
    },
    close: end,
  };
}

/** Ends a small request that nothing answers: the collector then counts as away. */
export function patience(): AbortSignal {
  const control = new AbortController();
  setTimeout(() => control.abort(new DOMException("nothing answers", "TimeoutError")), PATIENCE);
  return control.signal;
}
