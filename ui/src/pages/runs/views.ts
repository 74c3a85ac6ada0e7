/** Saved views: the list's address under a name, stored in this browser. */
import { useEffect, useState } from "react";

export interface View {
  name: string;
  /** The part after the `?`. */
  query: string;
}

const KEY = "playback.views";

/** Predefined views. */
export const OWN_VIEWS: readonly View[] = [
  { name: "All runs", query: "" },
  { name: "Failed today", query: "status=failed&since=today" },
  { name: "Running now", query: "status=running" },
  { name: "Changed something in the last 24 hours", query: "changed=true&since=24h" },
  { name: "Longest in the last 7 days", query: "since=7d&sort=duration" },
];

export interface Views {
  saved: readonly View[];
  /** Saves a view; throws if the name exists and it is not to be replaced. */
  save(view: View, isReplacing: boolean): void;
  remove(name: string): void;
}

export function useViews(): Views {
  const [saved, setSaved] = useState<readonly View[]>(() => load() ?? []);
  useEffect(() => {
    const listen = ({ key }: StorageEvent) => {
      if (key === KEY || key === null) {
        setSaved(load() ?? []);
      }
    };
    window.addEventListener("storage", listen);
    return () => window.removeEventListener("storage", listen);
  }, []);
  // Another tab may have saved or forgotten one, and what it did stays.
  const current = () => load() ?? saved;
  const store = (views: readonly View[]) => {
    setSaved(views);
    try {
      localStorage.setItem(KEY, JSON.stringify(views));
    } catch {
      // No storage: then the view lasts as long as the page.
    }
  };
  return {
    saved,
    save: (view, isReplacing) => {
      const views = current();
      const other = views.find(({ name }) => name === view.name);
      if (!isReplacing && other !== undefined && other.query !== view.query) {
        setSaved(views);
        throw new Error("there is a view of this name: choose another one, or replace it");
      }
      store([...views.filter(({ name }) => name !== view.name), view]);
    },
    remove: (gone) => store(current().filter(({ name }) => name !== gone)),
  };
}

/** Those that are stored; none if this browser stores nothing. */
function load(): View[] | undefined {
  let text: string | null;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    return undefined;
  }
  try {
    const stored: unknown = JSON.parse(text ?? "[]");
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
