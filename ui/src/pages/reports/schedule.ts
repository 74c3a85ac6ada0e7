/** The form of a schedule, and its conversion into settings. */
import type { ReportDestination, ReportFormat, ReportScheduleItem, ReportSettings } from "../../api/types";
import { PERIODS, type Period } from "../../parts/periods";

export const FORMATS: readonly (readonly [ReportFormat, string])[] = [
  ["html", "HTML"],
  ["markdown", "Markdown"],
  ["csv", "CSV"],
  ["json", "JSON"],
  ["text", "Text"],
];

export interface ScheduleForm {
  name: string;
  cron: string;
  zone: string;
  period: Period;
  query: string;
  formats: readonly ReportFormat[];
  targets: readonly string[];
  /** Names of folders, separated by spaces or commas. */
  folders: string;
}

export function emptyForm(zone: string): ScheduleForm {
  return {
    name: "",
    cron: "0 7 * * mon",
    zone,
    period: "week",
    query: "",
    formats: ["html"],
    targets: [],
    folders: "",
  };
}

export function formOf(schedule: ReportScheduleItem): ScheduleForm {
  const { name, cron, zone, period, query, formats, destinations } = schedule;
  const names = (type: ReportDestination["type"]) =>
    destinations.filter((one) => one.type === type).map((one) => one.name);
  return {
    name,
    cron,
    zone,
    period: PERIODS.find((one) => one === period) ?? "week",
    query: query ?? "",
    formats,
    targets: names("target"),
    folders: names("folder").join(" "),
  };
}

/** The settings; undefined while something is missing. */
export function settingsOfForm(form: ScheduleForm, paused = false): ReportSettings | undefined {
  const { name, cron, zone, period, query, formats, targets, folders } = form;
  if (name.trim() === "" || cron.trim() === "" || formats.length === 0) {
    return undefined;
  }
  const destinations: ReportDestination[] = [
    ...words(folders).map((folder) => ({ type: "folder" as const, name: folder })),
    ...targets.map((target) => ({ type: "target" as const, name: target })),
  ];
  return {
    cron: cron.trim(),
    zone: zone.trim() === "" ? "UTC" : zone.trim(),
    period,
    formats: FORMATS.map(([format]) => format).filter((format) => formats.includes(format)),
    destinations,
    paused,
    ...(query.trim() !== "" && { query: query.trim() }),
  };
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}
