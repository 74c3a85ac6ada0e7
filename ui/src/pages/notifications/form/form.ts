/** The form of a target, and its conversion into settings. */
import type {
  MailSecurity,
  NotificationRule,
  NotificationTarget,
  TargetKind,
  TargetSettings,
  Trigger,
  Weekday,
} from "../../../api/types";
import { filled, filledNumber, listOf } from "../../../parts/runForm/form";

export interface RuleForm {
  /** Identifies a rule while the form is open. */
  key: number;
  on: readonly Trigger[];
  query: string;
  stillBrokenEvery: string;
  unreachableRuns: string;
  waitingMinutes: string;
  /** Empty: derived from the history. */
  silentHours: string;
  /** Names, separated by commas; empty: all. */
  budgets: string;
  budgetPercent: string;
  late: boolean;
}

export interface QuietForm {
  key: number;
  from: string;
  to: string;
  /** None: every day. */
  days: readonly Weekday[];
}

export interface HeaderForm {
  key: number;
  name: string;
  value: string;
}

export interface TargetForm {
  name: string;
  kind: TargetKind;
  enabled: boolean;
  /** Secrets: empty if the stored one stays. */
  url: string;
  token: string;
  password: string;
  signing: string;
  headers: readonly HeaderForm[];
  /** Whether the stored header fields are removed. */
  withoutHeaders: boolean;
  /** Whether the stored password is removed. */
  withoutPassword: boolean;
  /** Whether the stored token is removed, for a kind that needs none. */
  withoutToken: boolean;
  /** Whether the stored address is removed, for a kind that has a default address. */
  withoutUrl: boolean;
  room: string;
  /** Separated by commas. */
  to: string;
  from: string;
  server: string;
  port: string;
  security: MailSecurity;
  username: string;
  method: string;
  contentType: string;
  body: string;
  rules: readonly RuleForm[];
  quiet: readonly QuietForm[];
  digestMinutes: string;
  maxPerHour: string;
}

export type SetTargetForm = (changes: Partial<TargetForm>) => void;

export function newRule(key: number): RuleForm {
  return {
    key,
    on: ["broke", "recovered", "silent"],
    query: "",
    stillBrokenEvery: "10",
    unreachableRuns: "3",
    waitingMinutes: "10",
    silentHours: "",
    budgets: "",
    budgetPercent: "100",
    late: false,
  };
}

/** What most users want: notifications when a playbook breaks, recovers or does not run, for all runs, at once. */
export function newTarget(): TargetForm {
  return {
    name: "",
    kind: "slack",
    enabled: true,
    url: "",
    token: "",
    password: "",
    signing: "",
    headers: [],
    withoutHeaders: false,
    withoutPassword: false,
    withoutToken: false,
    withoutUrl: false,
    room: "",
    to: "",
    from: "",
    server: "",
    port: "",
    security: "tls",
    username: "",
    method: "POST",
    contentType: "",
    body: "",
    rules: [newRule(0)],
    quiet: [],
    digestMinutes: "",
    maxPerHour: "30",
  };
}

/** The form of an existing target; secrets are not known. */
export function formOf({ name, settings }: NotificationTarget): TargetForm {
  const { rules = [], quiet = [], to = [], digest_minutes: digest = 0 } = settings;
  return {
    ...newTarget(),
    name,
    kind: settings.kind,
    enabled: settings.enabled ?? true,
    room: settings.room ?? "",
    to: to.join(", "),
    from: settings.from ?? "",
    server: settings.server ?? "",
    port: settings.port ? String(settings.port) : "",
    security: settings.security ?? "tls",
    username: settings.username ?? "",
    method: settings.method ?? "POST",
    contentType: settings.content_type ?? "",
    body: settings.body ?? "",
    rules: rules.map(ruleForm),
    quiet: quiet.map(({ from, to: end, days = [] }, key) => ({ key, from, to: end, days })),
    digestMinutes: digest > 0 ? String(digest) : "",
    maxPerHour: String(settings.max_per_hour ?? 30),
  };
}

function ruleForm(rule: NotificationRule, key: number): RuleForm {
  return {
    key,
    on: rule.on,
    query: rule.query ?? "",
    stillBrokenEvery: String(rule.still_broken_every ?? 10),
    unreachableRuns: String(rule.unreachable_runs ?? 3),
    waitingMinutes: String(rule.waiting_minutes ?? 10),
    silentHours: rule.silent_hours ? String(rule.silent_hours) : "",
    budgets: (rule.budgets ?? []).join(", "),
    budgetPercent: String(rule.budget_percent ?? 100),
    late: rule.late ?? false,
  };
}

/** The settings: only the fields of the kind, so that users can try several kinds. */
export function settingsOf(form: TargetForm): TargetSettings {
  const isPagerduty = form.kind === "pagerduty";
  return {
    kind: form.kind,
    enabled: form.enabled,
    rules: form.rules.map(ruleOf),
    // Each incident is triggered and resolved separately: PagerDuty has its own schedules and groups.
    ...(!isPagerduty && {
      quiet: form.quiet.map(({ from, to, days }) => ({
        from,
        to,
        ...(days.length > 0 && { days: [...days] }),
      })),
      ...filledNumber("digest_minutes", form.digestMinutes),
    }),
    ...filledNumber("max_per_hour", form.maxPerHour),
    ...ownFields(form),
  };
}

function ownFields(form: TargetForm): Partial<TargetSettings> {
  switch (form.kind) {
    case "slack":
    case "teams":
    case "mattermost":
      return filled("url", form.url);
    case "webhook":
      return {
        ...filled("url", form.url),
        ...headersOf(form),
        ...(form.signing.trim() !== "" && { signing_secrets: [form.signing.trim()] }),
      };
    case "matrix":
      return { ...filled("url", form.url), ...filled("token", form.token), ...filled("room", form.room) };
    case "pagerduty":
      return { ...filled("token", form.token), ...(form.withoutUrl && { url: null }) };
    case "mail":
      return {
        ...filled("server", form.server),
        ...filledNumber("port", form.port),
        security: form.security,
        ...filled("username", form.username),
        ...passwordOf(form),
        ...filled("from", form.from),
        to: listOf(form.to),
      };
    case "template":
      return {
        ...filled("url", form.url),
        ...filled("method", form.method),
        ...filled("content_type", form.contentType),
        ...(form.body.trim() !== "" && { body: form.body }),
        ...(form.withoutToken ? { token: null } : filled("token", form.token)),
        ...headersOf(form),
      };
  }
}

/** Without one, the stored one stays; without a user there is none. */
function passwordOf({ username, password, withoutPassword }: TargetForm): Partial<TargetSettings> {
  if (password !== "") {
    return { password };
  }
  return withoutPassword || username.trim() === "" ? { password: null } : {};
}

/** If there are none, the stored ones stay. */
function headersOf({ headers, withoutHeaders }: TargetForm): Partial<TargetSettings> {
  const typed = headers.filter(({ name, value }) => name.trim() !== "" || value !== "");
  return typed.length === 0 && !withoutHeaders
    ? {}
    : { headers: Object.fromEntries(typed.map(({ name, value }) => [name.trim(), value])) };
}

function ruleOf(rule: RuleForm): NotificationRule {
  const has = (trigger: Trigger) => rule.on.includes(trigger);
  return {
    on: [...rule.on],
    query: rule.query.trim(),
    ...(has("still_broken") && filledNumber("still_broken_every", rule.stillBrokenEvery)),
    ...(has("unreachable") && filledNumber("unreachable_runs", rule.unreachableRuns)),
    ...(has("waiting") && filledNumber("waiting_minutes", rule.waitingMinutes)),
    ...(has("silent") && filledNumber("silent_hours", rule.silentHours)),
    ...(has("budget") && filledNumber("budget_percent", rule.budgetPercent)),
    ...(has("budget") && rule.budgets.trim() !== "" && { budgets: listOf(rule.budgets) }),
    ...(rule.late && { late: true }),
  };
}

/** Adds an item with a new key to a list. */
export function withItem<Item extends { key: number }>(
  items: readonly Item[],
  make: (key: number) => Item,
): readonly Item[] {
  return [...items, make(Math.max(-1, ...items.map(({ key }) => key)) + 1)];
}

/** Changes the item with a key. */
export function withChange<Item extends { key: number }>(
  items: readonly Item[],
  key: number,
  changes: Partial<Item>,
): readonly Item[] {
  return items.map((item) => (item.key === key ? { ...item, ...changes } : item));
}

export function withoutItem<Item extends { key: number }>(
  items: readonly Item[],
  key: number,
): readonly Item[] {
  return items.filter((item) => item.key !== key);
}

const FIELDS: ReadonlySet<string> = new Set([
  "name",
  "kind",
  "url",
  "token",
  "password",
  "headers",
  "signing_secrets",
  "room",
  "to",
  "from",
  "server",
  "port",
  "security",
  "username",
  "method",
  "content_type",
  "body",
  "quiet",
  "digest_minutes",
  "max_per_hour",
]);

const RULE_FIELD =
  /^rules\[\d+\]\.(on|query|still_broken_every|unreachable_runs|waiting_minutes|silent_hours|budgets|budget_percent)$/;

/** Whether the form has a field with this API name. */
export function isField(name: string): boolean {
  return FIELDS.has(name) || RULE_FIELD.test(name);
}
