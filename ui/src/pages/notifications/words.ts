/** Notifications in plain words: kinds of targets, triggers, and times. */
import type {
  NotificationRule,
  QuietHours,
  TargetKind,
  TargetSettings,
  Trigger,
  Weekday,
} from "../../api/types";
import { duration, integer, plural } from "../../parts/format";

/** The name of each kind of target. */
export const KINDS: readonly (readonly [kind: TargetKind, name: string])[] = [
  ["slack", "Slack"],
  ["teams", "Microsoft Teams"],
  ["mattermost", "Mattermost"],
  ["matrix", "Matrix"],
  ["mail", "Mail"],
  ["pagerduty", "PagerDuty"],
  ["webhook", "Webhook, signed"],
  ["template", "Another HTTP request, by a template"],
];

const KIND_NAMES = new Map(KINDS);

export function kindName(kind: TargetKind): string {
  return KIND_NAMES.get(kind) ?? kind;
}

export interface TriggerWords {
  readonly trigger: Trigger;
  /** In a form: "It breaks". */
  readonly name: string;
  readonly about: string;
  /** In a sentence, after "Notified when": "it breaks". */
  readonly short: string;
}

/** The triggers that most users want, and no others. */
export const USUAL_TRIGGERS: readonly TriggerWords[] = [
  {
    trigger: "broke",
    name: "A playbook breaks",
    about: "The first failure after a success of the same playbook, inventory and limit.",
    short: "it breaks",
  },
  {
    trigger: "recovered",
    name: "It recovers",
    about: "The first success after a failure.",
    short: "it recovers",
  },
  {
    trigger: "silent",
    name: "It does not run",
    about: "A playbook that ran regularly did not run. Its usual intervals come from its history.",
    short: "it does not run",
  },
];

export const MORE_TRIGGERS: readonly TriggerWords[] = [
  {
    trigger: "still_broken",
    name: "It is still broken",
    about: "It keeps failing: sent again after this many further failures.",
    short: "it is still broken",
  },
  {
    trigger: "flapping",
    name: "It flaps",
    about: "Success and failure alternate: four turns within ten runs.",
    short: "it flaps",
  },
  {
    trigger: "slow",
    name: "It is slower than usual",
    about: "A run that succeeded took longer than the last 30 suggest; sent when that begins.",
    short: "it is slower than usual",
  },
  {
    trigger: "drift",
    name: "Check mode finds changes",
    about: "A run in check mode would have changed something.",
    short: "check mode finds changes",
  },
  {
    trigger: "unreachable",
    name: "A host is not reached",
    about: "The same host was unreachable in several runs in a row.",
    short: "a host is not reached",
  },
  {
    trigger: "lost",
    name: "A run is lost",
    about: "It stopped reporting without having ended: its machine stopped, or was cut off.",
    short: "a run is lost",
  },
  {
    trigger: "waiting",
    name: "A run waits too long",
    about: "A launched run stays in the queue.",
    short: "a run waits too long",
  },
  {
    trigger: "budget",
    name: "A budget is spent",
    about:
      "The cost of runs reached a budget of the configuration, or a part of it; sent once in its period.",
    short: "a budget is spent",
  },
  {
    trigger: "canceled",
    name: "A run is canceled",
    about: "A person canceled it.",
    short: "a run is canceled",
  },
  {
    trigger: "failed",
    name: "Each failure",
    about: "Whenever a run fails, however often. “Breaks” is sent once.",
    short: "a run fails",
  },
  {
    trigger: "finished",
    name: "Each end",
    about: "Whenever a run ends, whatever its status.",
    short: "a run ends",
  },
  { trigger: "started", name: "Each start", about: "Whenever a run starts.", short: "a run starts" },
];

const SHORT = new Map([...USUAL_TRIGGERS, ...MORE_TRIGGERS].map(({ trigger, short }) => [trigger, short]));

/** "it breaks, recovers or does not run": the triggers of a sentence. */
export function triggersWords(triggers: readonly Trigger[]): string {
  return joined(
    triggers.map((trigger) => SHORT.get(trigger) ?? trigger),
    "or",
  );
}

/** Every trigger of a target, once. */
export function triggersOf({ rules = [] }: TargetSettings): Trigger[] {
  return [...new Set(rules.flatMap(({ on }) => on))];
}

/** "Notified when it breaks or recovers; for runs that match label:nightly" without its query, which is code. */
export function ruleDetails(rule: NotificationRule): string[] {
  const { on, still_broken_every: every, unreachable_runs: runs, waiting_minutes: minutes } = rule;
  const has = (trigger: Trigger) => on.includes(trigger);
  return [
    has("silent") && rule.silent_hours
      ? `does not run: ${plural(rule.silent_hours, "hour")} without a run`
      : "",
    has("still_broken") ? `still broken: every ${integer(every ?? 10)} failures` : "",
    has("unreachable") ? `not reached: in ${plural(runs ?? 3, "run")} in a row` : "",
    has("waiting") ? `waits: ${plural(minutes ?? 10, "minute")}` : "",
    has("budget")
      ? `${integer(rule.budget_percent ?? 100)} percent of ${rule.budgets?.length ? rule.budgets.join(", ") : "a budget"}`
      : "",
    rule.late ? "also for runs that ended long before they arrived" : "",
  ].filter((detail) => detail !== "");
}

export const DAYS: readonly (readonly [day: Weekday, name: string])[] = [
  ["mon", "Monday"],
  ["tue", "Tuesday"],
  ["wed", "Wednesday"],
  ["thu", "Thursday"],
  ["fri", "Friday"],
  ["sat", "Saturday"],
  ["sun", "Sunday"],
];

const DAY_NAMES = new Map(DAYS);

/** "22:00 to 06:00, from Monday and Friday". */
export function quietWords({ from, to, days = [] }: QuietHours): string {
  const names = joined(
    days.map((day) => DAY_NAMES.get(day) ?? day),
    "and",
  );
  return `${from} to ${to}${names && `, beginning on ${names}`}`;
}

function joined(words: readonly string[], last: "and" | "or"): string {
  const [end = "", ...others] = [...words].reverse();
  return others.length === 0 ? end : `${others.reverse().join(", ")} ${last} ${end}`;
}

/** "12 ms", "2.3 s": how long an attempt took. */
export function tookWords(seconds: number): string {
  return seconds < 1 ? `${Math.max(1, Math.round(seconds * 1000))} ms` : duration(seconds);
}

/** The API's names of secrets, in words. */
export const SECRET_NAMES: ReadonlyMap<string, string> = new Map([
  ["url", "address"],
  ["token", "token"],
  ["password", "password"],
  ["headers", "header fields"],
  ["signing_secrets", "secret to sign with"],
]);
