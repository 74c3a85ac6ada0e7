// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { api, onUnauthorized, read } from "./client";
import { currentConnection } from "./connection";
import { ApiError } from "./error";

const whoami = () => read(api.GET("/api/v1/ansible/whoami"));
const answer = (status: number, body: string) =>
  vi.stubGlobal("fetch", async () => new Response(body, { status, statusText: "Some reason" }));

afterEach(() => vi.unstubAllGlobals());

test("an error is what the API's one shape says", async () => {
  answer(410, '{"error":{"code":"gone","message":"the log was removed"}}');
  const error = await whoami().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 410, code: "gone", message: "the log was removed", isMissing: true });
});

test("a proxy's own page means that the collector is away", async () => {
  answer(502, "<html>Bad Gateway</html>");
  await expect(whoami()).rejects.toMatchObject({ code: "http", isAway: true });
  expect(currentConnection().state).toBe("away");
  answer(200, '{"actor":"a","scopes":[]}');
  await whoami();
  expect(currentConnection().state).toBe("online");
});

test("no answer means that the collector is away", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  await expect(whoami()).rejects.toMatchObject({ code: "away", status: 0 });
});

test("401 ends the session everywhere, but not at the login itself", async () => {
  const ended = vi.fn();
  const stop = onUnauthorized(ended);
  answer(401, '{"error":{"code":"unauthorized","message":"no token"}}');
  await expect(whoami()).rejects.toMatchObject({ status: 401 });
  expect(ended).toHaveBeenCalledTimes(1);
  await expect(api.POST("/api/v1/ansible/session", { body: { token: "x" } })).rejects.toMatchObject({
    status: 401,
  });
  expect(ended).toHaveBeenCalledTimes(1);
  stop();
});
