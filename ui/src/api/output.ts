/** The printed lines of an execution: by range, live, and searched on the server. */

import { NoLines } from "../console/errors";
import { PAGE_LINES, pageOf } from "../console/pages";
import type { Hits, LiveEvents, Page, Source, StreamName, TaskPlace } from "../console/types";
import { apiAddress, base } from "./base";
import { api, read } from "./client";
import { ApiError } from "./error";
import { lineQuery, quoteId } from "./outputQuery";
import { firstFailure, tasksWithLines } from "./run";
import type { components } from "./schema";
import type { Task } from "./types";

type StreamMessage = components["schemas"]["StreamMessage"];

/** Waiting times between attempts to connect, in milliseconds; the last one repeats. */
const BACKOFF = [500, 1_000, 2_000, 5_000];
/** Hits of a page, and pages that are read: more are counted, but not listed. */
const HITS = 1_000;
const PAGES = 5;
/** What Ansible prints of a failure, and below it if the failure is ignored. */
const FAILURE = "/(?-i)^(fatal|failed): \\[/";
const IGNORED = "...ignoring";

/** Where the console takes the lines of an execution from; another `revision` is another source, read from the start. */
export function outputSource(id: string, revision: number): Source & { readonly revision: number } {
  return {
    revision,
    page: (from, limit, only, signal) =>
      takeEarly(id, from, limit, only) ?? page(id, from, limit, only, signal),
    live: (since, events) => watch(id, since, events),
    search: (query, signal) => search(`id:${quoteId(id)} in:output ${lineQuery(query)}`, signal),
    failures: async (signal) => {
      // Not counted: that would go through all lines, where the first thousands are enough.
      const options = { context: 1, isCounted: false };
      const { hits } = await search(`id:${quoteId(id)} in:output ${FAILURE}`, signal, options);
      return hits.filter((hit) => !hit.isIgnored).map((hit) => hit.number);
    },
    firstFailure: (signal) => firstFailure(id, signal),
    tasks: async (signal) => (await tasksWithLines(id, signal)).flatMap(placeOf),
  };
}

/** A page that was asked for before the console is there to take it. */
interface EarlyPage {
  readonly page: Promise<Page>;
  readonly asked: number;
}

const early = new Map<string, EarlyPage>();
/** The console takes a page that is not older, in milliseconds: a redaction may have changed it. */
const EARLY_MS = 5_000;

/** Asks for the page that holds a line, so that it comes while the console's code does. */
export function startOutput(id: string, line: number): void {
  const from = pageOf(line);
  const key = `${id} ${from}`;
  const before = early.get(key);
  if (before !== undefined && performance.now() - before.asked < EARLY_MS) {
    return;
  }
  early.clear();
  const asked = page(id, from, PAGE_LINES, undefined, new AbortController().signal);
  // The console asks again, and says what is wrong.
  asked.catch(() => early.delete(key));
  early.set(key, { page: asked, asked: performance.now() });
}

function takeEarly(
  id: string,
  from: number,
  limit: number,
  only: StreamName | undefined,
): Promise<Page> | undefined {
  const key = `${id} ${from}`;
  const found = only === undefined && limit === PAGE_LINES ? early.get(key) : undefined;
  early.delete(key);
  return found !== undefined && performance.now() - found.asked < EARLY_MS ? found.page : undefined;
}

/** The address of the text as it was printed. */
export function rawOutputAddress(id: string): string {
  return apiAddress(`/executions/${id}/output`, { format: "text" });
}

async function page(
  id: string,
  from: number,
  limit: number,
  only: StreamName | undefined,
  signal: AbortSignal,
): Promise<Page> {
  try {
    const query = { from, limit, ...(only === undefined ? {} : { stream: only }) };
    const params = { path: { id }, query };
    const answer = await read(api.GET("/api/v1/ansible/executions/{id}/output", { params, signal }));
    if (typeof answer === "string") {
      throw new ApiError(200, "http", "the answer was no JSON");
    }
    const lines = answer.lines.map(({ line, text, time, stream, of }) => ({
      number: line,
      text,
      time: Date.parse(time),
      stream,
      ...(of === null || of === undefined ? {} : { of }),
    }));
    const { next, total } = answer;
    return { lines, total, ...(next === null || next === undefined ? {} : { next }) };
  } catch (error) {
    throw error instanceof ApiError && error.isMissing ? new NoLines(error.message) : error;
  }
}

function placeOf({ lines, role, name, action, handler, failed, ignored, unreachable }: Task): TaskPlace[] {
  const plain = role ? `${role} : ${name || action}` : name || action;
  const title = handler ? `handler: ${plain}` : plain;
  return lines ? [{ title, from: lines.from, failed: failed + unreachable > ignored }] : [];
}

interface FoundLines extends Hits {
  readonly hits: readonly { number: number; isIgnored: boolean }[];
}

async function search(
  q: string,
  signal: AbortSignal,
  { context = 0, isCounted = true } = {},
): Promise<FoundLines> {
  const hits: { number: number; isIgnored: boolean }[] = [];
  let total: number | undefined;
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES; pages += 1) {
    const facets = isCounted && cursor === undefined ? { facets: "status" } : {};
    const query = {
      q,
      limit: HITS,
      context,
      timeout: 20,
      ...facets,
      ...(cursor !== undefined && { cursor }),
    };
    const answer = await read(api.GET("/api/v1/ansible/search", { params: { query }, signal }));
    for (const hit of answer.hits) {
      hits.push({ number: hit.line, isIgnored: hit.after?.[0] === IGNORED });
    }
    total ??= answer.facets?.lines;
    cursor = answer.next_cursor ?? undefined;
    if (cursor === undefined) {
      break;
    }
  }
  return { hits, total: Math.max(total ?? 0, hits.length) };
}

/** Calls the events for each new line; connects again from the last line on when the connection is lost. */
function watch(id: string, since: number, events: LiveEvents): () => void {
  let next = since;
  let failures = 0;
  let isOver = false;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  // Each line is a message of its own; those of a moment are passed on together.
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
    const url = new URL(`${base}api/v1/ansible/executions/${id}/stream?since=${next}`, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const opened = new WebSocket(url);
    socket = opened;
    opened.onmessage = (event) => {
      failures = 0;
      const message = parse(event.data);
      if (message?.type === "output") {
        came.push({ text: message.content, time: message.time * 1000 });
        next += 1;
        flushing ??= setTimeout(flush, 16);
      } else if (message?.type === "complete") {
        isOver = true;
        flush();
        events.end();
      }
    };
    opened.onclose = () => {
      flush();
      if (!isOver && socket === opened) {
        timer = setTimeout(open, BACKOFF[Math.min(failures, BACKOFF.length - 1)]);
        failures += 1;
      }
    };
  }

  // Not at once: React's strict mode mounts twice, and the first socket would be thrown away while it opens.
  timer = setTimeout(open, 0);
  return () => {
    isOver = true;
    clearTimeout(timer);
    clearTimeout(flushing);
    socket?.close();
  };
}

function parse(text: unknown): StreamMessage | undefined {
  try {
    // The generated type is what the collector promises; kinds that it adds later are passed over.
    const message: StreamMessage = JSON.parse(String(text));
    return message;
  } catch {
    return undefined;
  }
}
