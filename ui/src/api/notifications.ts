/** Notification targets, and the log of their messages. */
import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, done, ONLY_CHANGE, ONLY_NEW, read } from "./client";
import type { QueryOf, TargetSettings } from "./types";

const KEY = ["notifications"] as const;

/** New messages are not announced, so they are read again, sooner while one is being sent. */
const SOON_MS = 1_000;
const LATER_MS = 5_000;

export const targetsQuery = queryOptions({
  queryKey: [...KEY, "targets"],
  queryFn: ({ signal }) => read(api.GET("/api/v1/ansible/notifications/targets", { signal })),
  staleTime: 0,
  refetchInterval: LATER_MS,
});

export function targetQuery(name: string) {
  return queryOptions({
    queryKey: [...KEY, "targets", name],
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/notifications/targets/{name}", { params: at(name), signal })),
    staleTime: 0,
    refetchInterval: LATER_MS,
  });
}

export function deliveriesQuery(query: QueryOf<"list_notification_deliveries">) {
  return queryOptions({
    queryKey: [...KEY, "deliveries", query],
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/notifications/deliveries", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 0,
    refetchInterval: ({ state }) =>
      state.data?.deliveries.some((one) => one.state === "pending") ? SOON_MS : LATER_MS,
  });
}

export function deliveryQuery(id: string) {
  return queryOptions({
    queryKey: [...KEY, "delivery", id],
    queryFn: ({ signal }) =>
      read(api.GET("/api/v1/ansible/notifications/deliveries/{id}", { params: { path: { id } }, signal })),
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data?.delivery.state === "pending" ? SOON_MS : false),
  });
}

const at = (name: string) => ({ path: { name } });

/** Reads everything about notifications again. */
export async function renewNotifications(cache: QueryClient): Promise<void> {
  await cache.invalidateQueries({ queryKey: KEY });
}

/**
 * Sets a target; the answer has the signing secret, if one was generated. A new target does not replace an existing
 * one, and a change does not bring back one that was removed.
 */
export async function setTarget(name: string, body: TargetSettings, isNew = false) {
  const params = { ...at(name), ...(isNew ? ONLY_NEW : ONLY_CHANGE) };
  return await read(api.PUT("/api/v1/ansible/notifications/targets/{name}", { params, body }));
}

export async function removeTarget(name: string): Promise<void> {
  await done(api.DELETE("/api/v1/ansible/notifications/targets/{name}", { params: at(name) }));
}

/** Generates another signing secret. */
export async function rotateTarget(name: string): Promise<string> {
  const answer = api.POST("/api/v1/ansible/notifications/targets/{name}/rotate", { params: at(name) });
  return (await read(answer)).signing_secret;
}

/** Sends an example, and waits for the outcome. */
export async function testTarget(name: string) {
  return await read(api.POST("/api/v1/ansible/notifications/targets/{name}/test", { params: at(name) }));
}

export async function redeliver(id: string): Promise<void> {
  const params = { path: { id } };
  await done(api.POST("/api/v1/ansible/notifications/deliveries/{id}/redeliver", { params }));
}
