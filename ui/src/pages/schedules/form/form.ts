/** The form of a schedule, and its conversion into a request. */
import type { MissedTimes, Overlap, Schedule, ScheduledRun, ScheduleRequest } from "../../../api/types";
import { RUN_FIELDS } from "../../../parts/runForm/fields";
import {
  adhocFields,
  commonFields,
  emptyForm,
  filled,
  namedSecrets,
  playbookFields,
  type RunForm,
  type RunPreset,
} from "../../../parts/runForm/form";
import { NO_VARIABLES, type Variables, type VariablesInput } from "../../../parts/runForm/variables";
import { lineOf, NEW_WHEN, type When, whenOf } from "../cron";

export interface ScheduleForm {
  name: string;
  description: string;
  when: When;
  zone: string;
  overlap: Overlap;
  missed: MissedTimes;
  jitter: string;
  /** What runs; its secrets are only named, below. */
  run: RunForm;
  /** Name of a key in the configured folders. */
  privateKey: string;
}

export type SetScheduleForm = (changes: Partial<ScheduleForm>) => void;

/** A new schedule runs every night, in the time zone of its author. */
export function newSchedule(preset: RunPreset, zone: string): ScheduleForm {
  return {
    name: "",
    description: "",
    when: NEW_WHEN,
    zone,
    overlap: "skip",
    missed: "skip",
    jitter: "",
    run: emptyForm(preset),
    privateKey: "",
  };
}

export function formOf(schedule: Schedule): ScheduleForm {
  const { run, jitter_seconds: jitter } = schedule;
  const { secrets } = run;
  return {
    name: schedule.name,
    description: schedule.description ?? "",
    when: whenOf(schedule.cron),
    zone: schedule.zone,
    overlap: schedule.overlap,
    missed: schedule.missed,
    jitter: jitter > 0 ? String(jitter) : "",
    run: {
      ...emptyForm(),
      type: run.playbook ? "playbook" : "adhoc",
      playbook: run.playbook ?? "",
      hosts: run.hosts ?? "",
      module: run.module ?? "",
      args: run.args ?? "",
      inventory: run.inventory ?? "",
      limit: run.limit ?? "",
      tags: (run.tags ?? []).join(","),
      skipTags: (run.skip_tags ?? []).join(","),
      labels: (run.labels ?? []).join(", "),
      note: run.note ?? "",
      check: run.check ?? false,
      diff: run.diff ?? false,
      become: run.become ?? false,
      becomeUser: run.become_user ?? "",
      forks: run.forks ? String(run.forks) : "",
      verbosity: String(run.verbosity ?? 0),
      timeout: run.timeout ? String(run.timeout) : "",
      variables: variablesOf(run.extra_vars ?? {}),
      vaultSecret: secrets?.vault_password ?? "",
      keySecret: secrets?.private_key ?? "",
      variableSecrets: Object.entries(secrets?.extra_vars ?? {}).map(([name, secret], key) => ({
        key,
        name,
        secret,
      })),
    },
    privateKey: run.private_key ?? "",
  };
}

/** Texts in rows; anything else as JSON, which is YAML. */
function variablesOf(variables: Record<string, unknown>): VariablesInput {
  const all = Object.entries(variables);
  const rows = all.flatMap(([name, value], key) => (typeof value === "string" ? [{ key, name, value }] : []));
  return rows.length === all.length && rows.every(({ value }) => value !== "")
    ? { ...NO_VARIABLES, rows }
    : { ...NO_VARIABLES, mode: "text", text: JSON.stringify(variables, null, 2) };
}

const SWITCHES = ["check", "diff", "become"] as const;

/** The request; `before` is what the schedule has run until now. */
export function requestOf(
  form: ScheduleForm,
  variables: Variables | undefined,
  before: ScheduledRun = {},
): ScheduleRequest {
  const { run } = form;
  // A value that is switched off against Ansible's configuration looks like a missing one: it stays.
  const off = SWITCHES.filter((name) => before[name] === false && !run[name]).map((name) => [name, false]);
  return {
    cron: lineOf(form.when),
    zone: form.zone.trim(),
    overlap: form.overlap,
    missed: form.missed,
    jitter_seconds: Number(form.jitter),
    ...filled("description", form.description),
    run: {
      ...(run.type === "adhoc" ? adhocFields(run) : playbookFields(run)),
      ...commonFields(run, variables),
      ...Object.fromEntries(off),
      ...filled("private_key", form.privateKey),
      ...namedSecrets(run),
    },
  };
}

const FIELDS = new Set([
  "name",
  "description",
  "cron",
  "zone",
  "overlap",
  "missed",
  "jitter_seconds",
  ...RUN_FIELDS,
]);

/** Whether the form has a field with this API name. */
export function isField(name: string): boolean {
  return FIELDS.has(name);
}
