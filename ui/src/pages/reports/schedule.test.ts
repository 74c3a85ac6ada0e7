import { expect, test } from "vitest";
import type { ReportScheduleItem } from "../../api/types";
import { emptyForm, formOf, settingsOfForm } from "./schedule";

test("a form is a schedule's settings", () => {
  const form = { ...emptyForm("Europe/Berlin"), name: "weekly", targets: ["team"], folders: "ops, dev" };
  expect(settingsOfForm({ ...form, query: " label:prod ", formats: ["csv", "html"] })).toEqual({
    cron: "0 7 * * mon",
    zone: "Europe/Berlin",
    period: "week",
    query: "label:prod",
    formats: ["html", "csv"],
    destinations: [
      { type: "folder", name: "ops" },
      { type: "folder", name: "dev" },
      { type: "target", name: "team" },
    ],
    paused: false,
  });
  for (const missing of [{ name: " " }, { cron: "" }, { formats: [] }]) {
    expect(settingsOfForm({ ...form, ...missing })).toBeUndefined();
  }
});

test("what is changed keeps the rest", () => {
  const schedule: ReportScheduleItem = {
    name: "daily",
    cron: "@daily",
    zone: "UTC",
    period: "day",
    formats: ["text"],
    destinations: [
      { type: "target", name: "team" },
      { type: "folder", name: "ops" },
    ],
    paused: true,
    changed_by: "token:ann",
    created: "2026-01-01T00:00:00Z",
    changed: "2026-01-01T00:00:00Z",
    next: [],
  };
  expect(settingsOfForm(formOf(schedule), schedule.paused)).toEqual({
    cron: "@daily",
    zone: "UTC",
    period: "day",
    formats: ["text"],
    destinations: [
      { type: "folder", name: "ops" },
      { type: "target", name: "team" },
    ],
    paused: true,
  });
});
