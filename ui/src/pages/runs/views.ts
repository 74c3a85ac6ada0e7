/** Saved views: the list's address under a name, kept in this browser. */
import { useState } from "react";

export interface View {
  name: string;
  /** What stands after the `?`. */
  query: string;
}

const KEY = "playback.views";

/** Views that everybody has. */
export const OWN_VIEWS: readonly View[] = [
  { name: "All runs", query: "" },
  { name: "Failed today", query: "status=failed&since=today" },
  { name: "Running now", query: "status=running" },
  { name: "Changed something in the last 24 hours", query: "changed=true&since=24h" },
  { name: "Longest in the last 7 days", query: "since=7d&sort=duration" },
];

export interface Views {
  saved: readonly View[];
  save(view: View): void;
  remove(name: string): void;
}

export function useViews(): Views {
  const [saved, setSaved] = useState(load);
  const store = (views: View[]) => {
    setSaved(views);
    try {
      localStorage.setItem(KEY, JSON.stringify(views));
    } catch {
      // No storage: then the view lasts as long as the page.
    }
  };
  return {
    saved,
    save: (view) => store([...saved.filter(({ name }) => name !== view.name), view]),
    remove: (gone) => store(saved.filter(({ name }) => name !== gone)),
  };
}

function load(): View[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is View {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    typeof value.name === "string" &&
    "query" in value &&
    typeof value.query === "string"
  );
}
