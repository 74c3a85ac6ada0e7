/** Targets of notifications, and the log of what they were sent. */
import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, done, ONLY_CHANGE, ONLY_NEW, read } from "./client";
import type { QueryOf, TargetSettings } from "./types";

const KEY = ["notifications"] as const;

/** Nothing tells of messages, so they are read again: soon, while one is on its way. */
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

/** Everything about notifications is read again. */
export async function renewNotifications(cache: QueryClient): Promise<void> {
  await cache.invalidateQueries({ queryKey: KEY });
}

/** Sets a target, a new one or one that there is; the answer has the secret that was made to sign with, if one was. */
export async function setTarget(name: string, body: TargetSettings, isNew = false) {
  const params = { ...at(name), ...(isNew ? ONLY_NEW : ONLY_CHANGE) };
  return await read(api.PUT("/api/v1/ansible/notifications/targets/{name}", { params, body }));
}

export async function removeTarget(name: string): Promise<void> {
  await done(api.DELETE("/api/v1/ansible/notifications/targets/{name}", { params: at(name) }));
}

/** Makes another secret to sign with. */
export async function rotateTarget(name: string): Promise<string> {
  const answer = api.POST("/api/v1/ansible/notifications/targets/{name}/rotate", { params: at(name) });
  return (await read(answer)).signing_secret;
}

/** Sends an example, and waits for what comes of it. */
export async function testTarget(name: string) {
  return await read(api.POST("/api/v1/ansible/notifications/targets/{name}/test", { params: at(name) }));
}

export async function redeliver(id: string): Promise<void> {
  const params = { path: { id } };
  await done(api.POST("/api/v1/ansible/notifications/deliveries/{id}/redeliver", { params }));
}
