/**
 * A WebSocket to the collector that notices when its connection is dead. Browsers do not show pings to a
 * page, and take minutes to notice that nothing answers; so the collector is asked for heartbeats, and a
 * socket that receives none is given up.
 */
import { base } from "./base";

/** The collector sends something at least this often, in seconds. */
const HEARTBEAT = 10;
/** A connection on which nothing was received for this long, in milliseconds, is dead: two heartbeats are missing. */
const SILENCE = 22_000;
/** How long an answer to a small request may take, in milliseconds, before the collector counts as unavailable. */
const PATIENCE = 8_000;

export interface SocketEvents {
  open?(): void;
  message(text: unknown): void;
  /** The connection ended, could not be opened, or is dead: called once, as the last event. */
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
    // The browser waits for the other side before it reports that a socket is closed, and a dead one never
    // answers.
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

/** Aborts a small request that is not answered: the collector then counts as unavailable. */
export function patience(): AbortSignal {
  const control = new AbortController();
  setTimeout(() => control.abort(new DOMException("nothing answers", "TimeoutError")), PATIENCE);
  return control.signal;
}
