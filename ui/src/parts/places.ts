/**
 * The reader's position on a page, by the entry of the browser's history: Back, Forward and Reload return to
 * it. A link to the same page is another entry, and begins at the top.
 */

import type { ParsedLocation } from "@tanstack/react-router";

const KEY = "playback.places";
/** Entries that are remembered; people go back a few pages, not hundreds. */
const MOST = 200;

const places = new Map<string, number>(load());

/** The history entry of the current page. */
export function entryOf({ state, href }: Pick<ParsedLocation, "state" | "href">): string {
  return state.__TSR_key ?? href;
}

/** Stores a position under a name of the page: pixels, or the number of a line; without a position, removes it. */
export function rememberPlace(entry: string, name: string, place: number | undefined): void {
  const key = `${entry} ${name}`;
  // The latest entry is the last one of the map.
  places.delete(key);
  if (place !== undefined) {
    places.set(key, place);
  }
  for (const oldest of places.keys()) {
    if (places.size <= MOST) {
      break;
    }
    places.delete(oldest);
  }
}

export function recallPlace(entry: string, name: string): number | undefined {
  return places.get(`${entry} ${name}`);
}

/** Keeps the positions for the page after a Reload. */
function keep(): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...places]));
  } catch {
    // No storage: then a Reload begins at the top.
  }
}

window.addEventListener("pagehide", keep);

function load(): [string, number][] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isPlace) : [];
  } catch {
    return [];
  }
}

function isPlace(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === "string" && typeof value[1] === "number";
}
