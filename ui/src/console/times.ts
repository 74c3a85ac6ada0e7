/** The time beside each line. All texts of a mode have the same width, so that the text after them is aligned. */

import type { TimeMode } from "./types";

export const TIME_MODES: readonly { mode: TimeMode; label: string }[] = [
  { mode: "off", label: "No times" },
  { mode: "absolute", label: "Time of day" },
  { mode: "relative", label: "Since the start" },
  { mode: "delta", label: "Since line before" },
];

export function isTimeMode(text: string | null): text is TimeMode {
  return TIME_MODES.some(({ mode }) => mode === text);
}

export interface TimeBase {
  /** When the run started, in milliseconds. */
  readonly start: number | undefined;
  /** When the line before was printed; missing if it is not known. */
  readonly before: number | undefined;
  /** IANA name of the zone; the browser's own if missing. */
  readonly zone: string | undefined;
}

/** The text for a line that was printed at this time. */
export function timeText(mode: TimeMode, time: number, base: TimeBase): string {
  switch (mode) {
    case "off":
      return "";
    case "absolute":
      return `${clock(base.zone).format(time)}.${String(Math.floor(time) % 1000).padStart(3, "0")}`;
    case "relative":
      return base.start === undefined ? " ".repeat(11) : span(time - base.start).padStart(11);
    case "delta":
      return (base.before === undefined ? "" : `+${span(time - base.before)}`).padStart(11);
  }
}

const clocks = new Map<string | undefined, Intl.DateTimeFormat>();

function clock(zone: string | undefined): Intl.DateTimeFormat {
  let format = clocks.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      ...(zone === undefined ? {} : { timeZone: zone }),
    });
    clocks.set(zone, format);
  }
  return format;
}

/** `4.012`, `2:04.012`, `1:02:04.012`; clocks that differ may make it negative. */
function span(milliseconds: number): string {
  const whole = Math.abs(Math.round(milliseconds));
  const sign = milliseconds < -0.5 ? "-" : "";
  const seconds = Math.floor(whole / 1000);
  const rest = `${seconds % 60}.${String(whole % 1000).padStart(3, "0")}`;
  if (seconds < 60) {
    return sign + rest;
  }
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  const padded = rest.padStart(6, "0");
  return (
    sign + (hours === 0 ? `${minutes}:${padded}` : `${hours}:${String(minutes).padStart(2, "0")}:${padded}`)
  );
}
