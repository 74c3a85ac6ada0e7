/** The user's preferences in this browser: theme and time zone. Stored in localStorage, shared by all tabs. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
export type Zone = "local" | "utc";

export interface Preferences {
  readonly theme: Theme;
  readonly zone: Zone;
}

const KEY = "playback.preferences";
const DEFAULTS: Preferences = { theme: "system", zone: "local" };
const listeners = new Set<() => void>();
let preferences = load();

function load(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const { theme, zone } =
      typeof stored === "object" && stored !== null ? { ...DEFAULTS, ...stored } : DEFAULTS;
    return {
      theme: theme === "light" || theme === "dark" ? theme : "system",
      zone: zone === "utc" ? "utc" : "local",
    };
  } catch {
    // No storage (a private window), or another program wrote to it.
    return DEFAULTS;
  }
}

export function setPreferences(changes: Partial<Preferences>): void {
  preferences = { ...preferences, ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Then the choice lasts as long as the page.
  }
  announce();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, currentPreferences);
}

export function currentPreferences(): Preferences {
  return preferences;
}

/** Applies the theme to the document, now and whenever it changes: PatternFly looks for a class on `<html>`. */
export function applyTheme(): void {
  const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const isDark = preferences.theme === "dark" || (preferences.theme === "system" && systemIsDark.matches);
    document.documentElement.classList.toggle("pf-v6-theme-dark", isDark);
    document.documentElement.style.colorScheme = isDark ? "dark" : "light";
  };
  systemIsDark.addEventListener("change", apply);
  subscribe(apply);
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) {
      preferences = load();
      announce();
    }
  });
  apply();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce(): void {
  for (const listener of listeners) {
    listener();
  }
}
