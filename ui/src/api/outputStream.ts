/** The lines of a running execution, as the collector sends them. */

import type { LiveEvents } from "../console/types";
import { api, read } from "./client";
import { ApiError } from "./error";
import type { components } from "./schema";
import { type OpenSocket, openSocket, patience } from "./socket";

type StreamMessage = components["schemas"]["StreamMessage"];

/** Waiting times between attempts to connect, in milliseconds; the last one repeats. */
const BACKOFF = [500, 1_000, 2_000, 5_000];
/** After this many failed attempts, WebSockets are considered blocked, and lines are requested by range. */
const ATTEMPTS = 2;

/**
 * Calls the events for each new line. When the connection is lost, it reconnects after the last line; if that
 * is not possible, it reports from time to time that there may be lines. It stops when the run has ended or
 * no longer exists.
 */
export function watchOutput(id: string, since: number, events: LiveEvents): () => void {
  let next = since;
  let failures = 0;
  let isOver = false;
  let socket: OpenSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  // Each line is a separate message; lines that arrive together are passed on together.
  let came: { text: string; time: number }[] = [];
  let flushing: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(flushing);
    flushing = undefined;
    const lines = came;
    came = [];
    if (lines.length > 0) {
      events.lines(next - lines.length, lines);
    }
  };

  function open(): void {
    socket = openSocket(`/executions/${id}/stream?since=${next}`, {
      message: (text) => {
        failures = 0;
        take(text);
      },
      lost: () => {
        flush();
        timer = setTimeout(open, BACKOFF[Math.min(failures, BACKOFF.length - 1)]);
        failures += 1;
        void look();
      },
    });
  }

  function take(text: unknown): void {
    const message = parse(text);
    if (message?.type === "output") {
      came.push({ text: message.content, time: message.time * 1000 });
      next += 1;
      flushing ??= setTimeout(flush, 16);
    } else if (message?.type === "complete") {
      end();
    }
  }

  /** All lines were sent, or can be requested. */
  function end(): void {
    flush();
    stop();
    events.end();
  }

  function stop(): void {
    isOver = true;
    clearTimeout(timer);
    clearTimeout(flushing);
    socket?.close();
  }

  /** A page does not learn why a WebSocket was refused: the record says whether there is anything to wait for. */
  async function look(): Promise<void> {
    try {
      const params = { path: { id }, query: { fields: "status" } };
      const signal = patience();
      const { status } = await read(api.GET("/api/v1/ansible/executions/{id}", { params, signal }));
      if (isOver) {
        return;
      }
      if (status !== "running") {
        end();
      } else if (failures > ATTEMPTS) {
        events.look();
      }
    } catch (error) {
      if (isOver || !(error instanceof ApiError)) {
        return;
      }
      if (error.isMissing && error.code !== "http") {
        end();
      } else if (error.status === 401) {
        stop();
      }
    }
  }

  // Not at once: React's strict mode mounts twice, and the first socket would be discarded while it opens.
  timer = setTimeout(open, 0);
  return stop;
}

function parse(text: unknown): StreamMessage | undefined {
  try {
    // The generated type is the collector's promise; kinds that it adds later are skipped.
    const message: StreamMessage = JSON.parse(String(text));
    return message;
  } catch {
    return undefined;
  }
}
