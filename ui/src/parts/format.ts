/** Times, durations and numbers for people. */
import type { Zone } from "../app/preferences";

const formats = new Map<string, Intl.DateTimeFormat>();

/** A format is made once: making one takes longer than drawing a row. */
function format(
  zone: Zone,
  style: Pick<Intl.DateTimeFormatOptions, "dateStyle" | "timeStyle">,
): Intl.DateTimeFormat {
  const key = `${zone} ${style.dateStyle} ${style.timeStyle}`;
  let made = formats.get(key);
  if (made === undefined) {
    // Swedish dates have the form of ISO 8601.
    made = new Intl.DateTimeFormat("sv-SE", { ...(zone === "utc" && { timeZone: "UTC" }), ...style });
    formats.set(key, made);
  }
  return made;
}

/** "2026-01-20 10:00:03", which sorts, and is unambiguous. */
export function dateTime(time: Date, zone: Zone): string {
  return format(zone, { dateStyle: "short", timeStyle: "medium" }).format(time);
}

/** "10:00:03". */
export function clock(time: Date, zone: Zone): string {
  return format(zone, { timeStyle: "medium" }).format(time);
}

/** "2026-01-20". */
export function day(time: Date, zone: Zone): string {
  return format(zone, { dateStyle: "short" }).format(time);
}

const NUMBER = new Intl.NumberFormat("en");
const AGE_WORDS = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const AGES: readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "5 minutes ago", "yesterday". */
export function ago(time: Date, now: Date): string {
  const seconds = (now.getTime() - time.getTime()) / 1000;
  for (const [unit, length] of AGES) {
    if (Math.abs(seconds) >= length) {
      return AGE_WORDS.format(-Math.round(seconds / length), unit);
    }
  }
  // Clocks differ a little: a controller's may be ahead of the collector's.
  return "just now";
}

/** "0.4 s", "7.9 s", "1 min 12 s", "2 h 5 min", "3 d 4 h". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) {
    return "0 s";
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  const parts: readonly [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3_600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/** "1,234,567". */
export function integer(value: number): string {
  return NUMBER.format(value);
}

/** `plural(1, "host")` is "1 host", `plural(2, "host")` "2 hosts". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${integer(value)} ${value === 1 ? one : many}`;
}

/** The last digits of an id, as the command line shows them and every command and query accepts them. */
export function shortId(id: string): string {
  return id.slice(-6);
}

/** The last part of a path: "site.yml" of "/srv/site.yml". */
export function fileName(path: string): string {
  return path.split("/").filter(Boolean).at(-1) ?? path;
}
