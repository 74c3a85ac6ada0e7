/** Sorts differing outcomes by their meaning: what broke, what was repaired, and the rest. */
import type { Comparison } from "../../api/types";

export type Outcome = Comparison["outcomes"][number]["transitions"][number]["now"];
export type TaskOutcomes = Comparison["outcomes"][number];
export type Transition = TaskOutcomes["transitions"][number];
export type ComparedTask = TaskOutcomes["task"];
export type ResultDifference = Comparison["results"][number];

export interface TaskGroup {
  readonly task: ComparedTask;
  readonly transitions: readonly Transition[];
  /** The data that some of these results returned. */
  readonly results: readonly ResultDifference[];
}

export interface Groups {
  /** Failed now, and not before. */
  readonly broken: readonly TaskGroup[];
  /** Failed in both, if results are shown. */
  readonly same: readonly TaskGroup[];
  /** Failed before, and not now. */
  readonly fixed: readonly TaskGroup[];
  /** Every other difference. */
  readonly other: readonly TaskGroup[];
}

export function isFailure(outcome: Outcome): boolean {
  return outcome === "failed" || outcome === "unreachable";
}

type Kind = keyof Groups;

function kindOf({ before, now }: { before: Outcome; now: Outcome }): Kind {
  if (isFailure(now)) {
    return isFailure(before) ? "same" : "broken";
  }
  return isFailure(before) ? "fixed" : "other";
}

export function groupsOf({ outcomes, results }: Pick<Comparison, "outcomes" | "results">): Groups {
  const groups = (kind: Kind): TaskGroup[] => {
    const ofKind = results.filter((result) => kindOf(result) === kind);
    const listed = outcomes
      .map(({ task, transitions }) => ({
        task,
        transitions: transitions.filter((transition) => kindOf(transition) === kind),
        results: ofKind.filter((result) => result.task.task === task.task),
      }))
      .filter(({ transitions }) => transitions.length > 0);
    const isListed = (task: number) => listed.some((group) => group.task.task === task);
    // A failure in both runs is not a differing outcome: only its results are listed.
    const more = new Map<number, TaskGroup>();
    for (const result of ofKind.filter(({ task }) => !isListed(task.task))) {
      const { task } = result;
      const known = more.get(task.task)?.results ?? [];
      more.set(task.task, { task, transitions: [], results: [...known, result] });
    }
    return [...listed, ...more.values()];
  };
  return { broken: groups("broken"), same: groups("same"), fixed: groups("fixed"), other: groups("other") };
}

export function taskName({ role, name }: Pick<ComparedTask, "role" | "name">): string {
  return role ? `${role} : ${name}` : name;
}

/** The hosts of some changes, and whether these are all of them. */
export function hostsOf(groups: readonly TaskGroup[]): { names: string[]; isAll: boolean } {
  const transitions = groups.flatMap((group) => group.transitions);
  const names = [...new Set(transitions.flatMap(({ hosts }) => hosts))];
  return { names, isAll: transitions.every(({ hosts, host_count: count }) => hosts.length === count) };
}
