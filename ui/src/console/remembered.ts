/** The reader's choices for all consoles in this browser. */

import { useState } from "react";
import { isTimeMode } from "./times";
import type { TimeMode } from "./types";

const TIMES = "playback.console.times";
const WRAP = "playback.console.wrap";

export interface Remembered {
  readonly times: TimeMode;
  readonly wrap: boolean;
  setTimes(times: TimeMode): void;
  setWrap(wrap: boolean): void;
}

export function useRemembered(): Remembered {
  const [times, setTimes] = useState<TimeMode>(() => {
    const stored = recall(TIMES);
    return isTimeMode(stored) ? stored : "off";
  });
  const [wrap, setWrap] = useState(() => recall(WRAP) === "yes");
  return {
    times,
    wrap,
    setTimes: (next) => {
      store(TIMES, next);
      setTimes(next);
    },
    setWrap: (next) => {
      store(WRAP, next ? "yes" : "no");
      setWrap(next);
    },
  };
}

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // No storage, as in some private windows.
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then the choice lasts as long as the page.
  }
}
