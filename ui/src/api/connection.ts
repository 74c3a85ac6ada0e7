/** Whether the collector answers, as the requests and the live connection find out; the banner shows it. */
import { useSyncExternalStore } from "react";

export interface Connection {
  /** `away`: nothing answers. */
  readonly state: "online" | "away";
  /** Whether changes arrive by themselves; without, lists are read again now and then. */
  readonly isLive: boolean;
  /** When the collector answered last, in milliseconds since the epoch. */
  readonly answered: number;
}

let connection: Connection = { state: "online", isLive: false, answered: Date.now() };
const listeners = new Set<() => void>();

function set(next: Connection): void {
  const isSame = next.state === connection.state && next.isLive === connection.isLive;
  // The time alone is no reason to draw anything again: it is only shown while the collector is away.
  connection = next;
  if (!isSame) {
    for (const listener of listeners) {
      listener();
    }
  }
}

/** Something answered. */
export function noteAnswer(): void {
  set({ ...connection, state: "online", answered: Date.now() });
}

/** Nothing answered. */
export function noteAway(): void {
  set({ ...connection, state: "away", isLive: false });
}

/** The live connection opened or closed. */
export function noteLive(isLive: boolean): void {
  set(isLive ? { state: "online", isLive, answered: Date.now() } : { ...connection, isLive });
}

export function currentConnection(): Connection {
  return connection;
}

export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useConnection(): Connection {
  return useSyncExternalStore(onConnection, currentConnection);
}
