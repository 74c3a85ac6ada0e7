/** The record's data about the run, as names and values; missing data has no line. */
import type { Execution } from "../../../api/types";
import { who } from "../../../parts/runs";

/** Name, value, and whether it is code. */
export type Fact = readonly [name: string, value: string, isCode?: boolean];

export interface AllFacts {
  what: Fact[];
  who: Fact[];
  with: Fact[];
}

type Maybe = readonly [name: string, value: string | number | null | undefined | false, isCode?: boolean];

export function facts(run: Execution): AllFacts {
  const { git } = run;
  const changes =
    git?.dirty === true ? "tracked files differ from the commit" : git?.dirty === false && "none";
  return {
    what: present([
      ["Playbook", run.playbook, true],
      ["Module", run.module, true],
      ["Arguments", run.args, true],
      ["Hosts", run.hosts, true],
      ["Inventory", run.inventory, true],
      ["Limit", run.limit, true],
      ["Tags", list(run.tags)],
      ["Without tags", list(run.skip_tags)],
      ["Extra variables", list(run.extra_var_names), true],
      ["Check mode", run.check && "yes: nothing was changed"],
      ["Diff", run.diff && "yes"],
      ["Command", run.argv?.join(" "), true],
    ]),
    who: present([
      ["User", who(run)],
      ["Machine", run.controller],
      // The schedule has a line of its own, with a link.
      ["Started by", run.schedule && !isByHand(run) ? undefined : run.launched_by],
      ["Note", run.note],
      ["Labels", list(run.labels)],
      ["Trace", run.traceparent ? run.trace_id : undefined, true],
      ["Canceled by", run.canceled_by],
      ["Canceled because", run.cancel_note],
      ["Exit code", run.exit_code],
      ["Signal", run.signal],
    ]),
    with: present([
      ["Git commit", git?.commit, true],
      ["Branch", git?.branch],
      ["Uncommitted changes", changes],
      ["ansible-core", run.ansible_version],
      ["Python", run.python_version],
      ["Recorder", run.recorder_version],
      ["Imported from", run.imported?.from],
      ["Forks", run.forks],
      ["Folder", run.cwd, true],
    ]),
  };
}

/** Whether it is a run of a schedule that a user requested, outside the scheduled times. */
export function isByHand({ schedule, launched_by }: Pick<Execution, "schedule" | "launched_by">): boolean {
  return Boolean(schedule && launched_by && launched_by !== `schedule:${schedule}`);
}

function list(words: readonly string[] | undefined): string | undefined {
  return words?.join(", ");
}

function present(facts: readonly Maybe[]): Fact[] {
  return facts.flatMap(([name, value, isCode]) =>
    value === undefined || value === null || value === false || value === ""
      ? []
      : [[name, String(value), isCode ?? false] as const],
  );
}
