/** Cron lines that users choose by frequency, and the meaning of a line in words. */

/** How often: the last is any line of cron. */
export const OFTEN = ["hourly", "daily", "weekdays", "weekly", "monthly", "cron"] as const;

export type Often = (typeof OFTEN)[number];

/** When a schedule runs, as chosen. */
export interface When {
  often: Often;
  /** `HH:MM`; for `hourly`, only the minutes count. */
  time: string;
  /** For `weekly`: 1 for Monday to 7 for Sunday. */
  weekday: number;
  /** For `monthly`: the day, or `L` for the last. */
  day: string;
  /** For `cron`. */
  line: string;
}

export const NEW_WHEN: When = { often: "daily", time: "03:30", weekday: 1, day: "1", line: "" };

export const WEEKDAYS = [
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
  "Sunday",
] as const;

const SHORT_DAYS: readonly string[] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** The cron line; empty as long as something is missing. */
export function lineOf({ often, time, weekday, day, line }: When): string {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(time) ?? [];
  if (often === "cron") {
    return line.trim();
  }
  if (hour === undefined || minute === undefined) {
    return "";
  }
  const at = `${Number(minute)} ${Number(hour)}`;
  switch (often) {
    case "hourly":
      return `${Number(minute)} * * * *`;
    case "daily":
      return `${at} * * *`;
    case "weekdays":
      return `${at} * * mon-fri`;
    case "weekly":
      return `${at} * * ${SHORT_DAYS[weekday - 1] ?? "mon"}`;
    case "monthly":
      return `${at} ${day} * *`;
  }
}

/** The choice that corresponds to a line; `cron` if it is not one of the usual ones. */
export function whenOf(line: string): When {
  const free: When = { ...NEW_WHEN, often: "cron", line };
  const fields = (NICKNAMES.get(line.trim()) ?? line).trim().toLowerCase().split(/\s+/);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  if (fields.length !== 5 || !isNumber(minute, 59) || month !== "*") {
    return free;
  }
  if (hour === "*" && day === "*" && weekday === "*") {
    return { ...free, often: "hourly", time: `00:${two(minute)}` };
  }
  if (!isNumber(hour, 23)) {
    return free;
  }
  const at = { ...free, time: `${two(hour)}:${two(minute)}` };
  if (day === "*") {
    if (weekday === "*") {
      return { ...at, often: "daily" };
    }
    if (weekday === "mon-fri" || weekday === "1-5") {
      return { ...at, often: "weekdays" };
    }
    const number = dayNumber(weekday);
    return number === undefined ? free : { ...at, often: "weekly", weekday: number };
  }
  const isDay = weekday === "*" && (day === "l" || (isNumber(day, 31) && Number(day) > 0));
  return isDay ? { ...at, often: "monthly", day: day.toUpperCase() } : free;
}

/** "Every day at 03:30"; the line itself if it is not one of the choices. */
export function cronWords(line: string): string {
  const { often, time, weekday, day } = whenOf(line);
  switch (often) {
    case "hourly":
      return time === "00:00" ? "Every hour" : `Every hour, ${Number(time.slice(3))} minutes past`;
    case "daily":
      return `Every day at ${time}`;
    case "weekdays":
      return `Monday to Friday at ${time}`;
    case "weekly":
      return `Every ${WEEKDAYS[weekday - 1] ?? "week"} at ${time}`;
    case "monthly":
      return day === "L" ? `The last day of the month at ${time}` : `Day ${day} of the month at ${time}`;
    case "cron": {
      const [, minutes] = /^\*\/(\d+) \* \* \* \*$/.exec(line.trim()) ?? [];
      const [, seconds] = /^\*\/(\d+) \* \* \* \* \*$/.exec(line.trim()) ?? [];
      return minutes ? `Every ${minutes} minutes` : seconds ? `Every ${seconds} seconds` : line;
    }
  }
}

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
]);

function isNumber(text: string, most: number): boolean {
  return /^\d{1,2}$/.test(text) && Number(text) <= most;
}

function two(text: string): string {
  return text.padStart(2, "0");
}

function dayNumber(text: string): number | undefined {
  const named = SHORT_DAYS.indexOf(text) + 1;
  // Cron counts Sunday as 0 and as 7.
  return named > 0 ? named : /^[0-7]$/.test(text) ? Number(text) || 7 : undefined;
}
