/** Whether the collector answers, according to requests and the live connection; the banner shows it. */
import { useSyncExternalStore } from "react";

export interface Connection {
  /** `away`: nothing answers. */
  readonly state: "online" | "away";
  /** Whether changes arrive automatically; without, lists are read again from time to time. */
  readonly isLive: boolean;
  /** When the collector last answered, in milliseconds since the epoch. */
  readonly answered: number;
}

let connection: Connection = { state: "online", isLive: false, answered: Date.now() };
const listeners = new Set<() => void>();

function set(next: Connection): void {
  const isSame = next.state === connection.state && next.isLive === connection.isLive;
  // A change of the time alone redraws nothing: it is only shown while the collector does not answer.
  connection = next;
  if (!isSame) {
    for (const listener of listeners) {
      listener();
    }
  }
}

/** A request was answered. */
export function noteAnswer(): void {
  set({ ...connection, state: "online", answered: Date.now() });
}

/** A request was not answered. */
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
