/** The printed lines of an execution: by range, live, and searched on the server. */

import { NoLines } from "../console/errors";
import { PAGE_LINES, pageOf } from "../console/pages";
import type { Hits, Page, Source, StreamName, TaskPlace } from "../console/types";
import { apiAddress } from "./base";
import { api, read } from "./client";
import { ApiError } from "./error";
import { lineQuery, quoteId } from "./outputQuery";
import { watchOutput } from "./outputStream";
import { firstFailure, tasksWithLines } from "./run";
import type { Task } from "./types";

/** Maximum number of hits on a page, and of pages that are read: further hits are counted, but not listed. */
const HITS = 1_000;
const PAGES = 5;
/** What Ansible prints for a failure, and below it if the failure is ignored. */
const FAILURE = "/(?-i)^(fatal|failed): \\[/";
const IGNORED = "...ignoring";

/** The source of an execution's lines in the console; another `revision` is another source, read from the start. */
export function outputSource(id: string, revision: number): Source & { readonly revision: number } {
  return {
    revision,
    page: (from, limit, only, signal) =>
      takeEarly(id, from, limit, only) ?? page(id, from, limit, only, signal),
    live: (since, events) => watchOutput(id, since, events),
    search: (query, signal) => search(`id:${quoteId(id)} in:output ${lineQuery(query)}`, signal),
    failures: async (signal) => {
      // Without a total: counting would search all lines, although the first thousands are enough.
      const options = { context: 1, isCounted: false };
      const { hits } = await search(`id:${quoteId(id)} in:output ${FAILURE}`, signal, options);
      return hits.filter((hit) => !hit.isIgnored).map((hit) => hit.number);
    },
    firstFailure: (signal) => firstFailure(id, signal),
    tasks: async (signal) => (await tasksWithLines(id, signal)).flatMap(placeOf),
  };
}

/** A page that was requested before the console is ready for it. */
interface EarlyPage {
  readonly page: Promise<Page>;
  readonly asked: number;
}

const early = new Map<string, EarlyPage>();
/** Maximum age of such a page in milliseconds: a redaction may have changed it. */
const EARLY_MS = 5_000;

/** Requests the page with a line, so that it arrives while the console's code is loaded. */
export function startOutput(id: string, line: number): void {
  const from = pageOf(line);
  const key = `${id} ${from}`;
  const before = early.get(key);
  if (before !== undefined && performance.now() - before.asked < EARLY_MS) {
    return;
  }
  early.clear();
  const asked = page(id, from, PAGE_LINES, undefined, new AbortController().signal);
  // The console repeats the request, and reports the error.
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

/** The address of the printed text. */
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
  const ask = (limit: number, more: { cursor?: string; facets?: string }) => {
    const query = { q, limit, context, timeout: 20, ...more };
    return read(api.GET("/api/v1/ansible/search", { params: { query }, signal }));
  };
  const hits: { number: number; isIgnored: boolean }[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES; pages += 1) {
    const answer = await ask(HITS, cursor === undefined ? {} : { cursor });
    for (const hit of answer.hits) {
      hits.push({ number: hit.line, isIgnored: hit.after?.[0] === IGNORED });
    }
    cursor = answer.next_cursor ?? undefined;
    if (cursor === undefined) {
      return { hits, total: hits.length };
    }
  }
  // Counting goes through all lines once more, so it is only done where it says more than the hits.
  const total = isCounted ? (await ask(1, { facets: "status" })).facets?.lines : undefined;
  return { hits, total: Math.max(total ?? 0, hits.length) };
}
