/**
 * The one place that sends requests. Types come from the OpenAPI document; every failure is an `ApiError`.
 *
 *     const page = await read(api.GET("/api/v1/ansible/hosts", { params: { query: { name: "web-*" } } }));
 *     await done(api.DELETE("/api/v1/ansible/executions/{id}", { params: { path: { id } } }));
 */
import createClient from "openapi-fetch";
import { base } from "./base";
import { noteDate } from "./clock";
import { noteAnswer, noteAway } from "./connection";
import { ApiError } from "./error";
import type { paths } from "./schema";

const unauthorized = new Set<() => void>();

/** Calls back when a request was refused because the login has ended. */
export function onUnauthorized(listener: () => void): () => void {
  unauthorized.add(listener);
  return () => unauthorized.delete(listener);
}

/** `fetch` for the API: throws an `ApiError` unless the answer is a success. */
export async function ask(request: Request): Promise<Response> {
  let response: Response;
  const asked = Date.now();
  try {
    response = await fetch(request);
    noteDate(response.headers.get("date"), asked, Date.now());
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") {
      throw cause;
    }
    noteAway();
    throw ApiError.away();
  }
  if (response.ok) {
    noteAnswer();
    return response;
  }
  const error = await ApiError.of(response);
  if (error.isAway) {
    noteAway();
  } else {
    noteAnswer();
  }
  // The login page handles a refused login itself.
  if (error.status === 401 && !new URL(request.url).pathname.endsWith("/session")) {
    for (const listener of unauthorized) {
      listener();
    }
  }
  throw error;
}

export const api = createClient<paths>({
  baseUrl: base.replace(/\/$/, ""),
  fetch: ask,
  credentials: "same-origin",
});

/** Parameters of a PUT that must create: if the name exists, the request is refused. */
export const ONLY_NEW = { header: { "If-None-Match": "*" } } as const;

/** Parameters of a PUT that only changes: if it was removed meanwhile, the request is refused. */
export const ONLY_CHANGE = { header: { "If-Match": "*" } } as const;

/** The body of an answer. */
export async function read<Body>(answer: Promise<{ data?: Body }>): Promise<Body> {
  const { data } = await answer;
  if (data === undefined) {
    throw new ApiError(200, "empty", "the answer was empty");
  }
  return data;
}

/** Waits for an answer whose body does not matter. */
export async function done(answer: Promise<unknown>): Promise<void> {
  await answer;
}
