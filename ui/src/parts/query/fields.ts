/** The fields of queries, as docs/query.md and docs/search.md describe them: for completion and help. */

export interface Field {
  readonly name: string;
  readonly about: string;
  /** All values, if there are few. */
  readonly values?: readonly string[];
  /** Examples, if any value is possible: offered like values. */
  readonly examples?: readonly string[];
}

/** Fields of a run: every query accepts them. */
export const RUN_FIELDS: readonly Field[] = [
  { name: "status", about: "how the run ended", values: ["running", "success", "failed"] },
  { name: "playbook", about: "file name or the end of its path" },
  { name: "host", about: "a host that took part; * for any text" },
  { name: "inventory", about: "file name or the end of its path" },
  { name: "user", about: "who ran it" },
  { name: "label", about: "a label of the run" },
  { name: "schedule", about: "the schedule that started it; * for any text" },
  { name: "since", about: "started at or after", examples: ["1h", "24h", "7d", "30d"] },
  { name: "until", about: "started at or before", examples: ["1h", "24h", "7d"] },
  { name: "changed", about: "whether anything was changed", values: ["yes", "no"] },
  {
    name: "reason",
    about: "why it failed",
    values: ["task_failed", "unreachable", "canceled", "timed_out", "lost", "launch_error", "ansible_error"],
  },
  { name: "min_duration", about: "took at least this long", examples: ["30", "5m", "1h"] },
  { name: "type", about: "playbook or ad-hoc command", values: ["playbook", "adhoc"] },
  { name: "controller", about: "machine that Ansible ran on" },
  { name: "pinned", about: "no retention rule deletes it", values: ["yes", "no"] },
  { name: "id", about: "the first or last digits of the run's id" },
];

/** Fields of a line, in a search, beside those of its run. */
export const LINE_FIELDS: readonly Field[] = [
  { name: "host", about: "the line belongs to this host; * for any text" },
  { name: "task", about: "the line belongs to this task" },
  { name: "module", about: "the line belongs to this module" },
  {
    name: "in",
    about: "the line's source",
    examples: ["output", "stdout", "stderr", "msg", "diff", "task"],
  },
];

/** Fields in a list, which also takes queries about lines. */
export const LIST_FIELDS: readonly Field[] = [
  ...RUN_FIELDS,
  ...LINE_FIELDS.filter(({ name }) => RUN_FIELDS.every((field) => field.name !== name)),
];

/** Lines first: they are what usually narrows a search. */
export const SEARCH_FIELDS: readonly Field[] = [
  ...LINE_FIELDS,
  ...RUN_FIELDS.filter(({ name }) => LINE_FIELDS.every((field) => field.name !== name)),
];
