/** The differences in a few sentences: the worst first. */
import type { Comparison } from "../../api/types";
import { duration, plural } from "../../parts/format";
import { type Groups, hostsOf, taskName } from "./groups";
import { list, parameterName } from "./names";
import { versionChanges } from "./versions";

/** The part of the page with the details. */
export type SectionId =
  | "failures"
  | "fixed"
  | "still-failing"
  | "outcomes"
  | "parameters"
  | "hosts"
  | "tasks"
  | "durations"
  | "output";

export interface Sentence {
  readonly tone: "bad" | "good" | "neutral";
  readonly text: string;
  readonly section?: SectionId;
}

export function headline(comparison: Comparison, groups: Groups): Sentence[] {
  return [
    ...failures(comparison, groups),
    ...tasks(comparison),
    ...versionChanges(comparison).map(({ name, before, now }) => neutral(`${name} ${before} → ${now}`)),
    ...outcomes(comparison),
    ...notReached(comparison),
    ...hosts(comparison),
    ...parameters(comparison),
    ...durations(comparison),
    ...output(comparison),
  ];
}

function neutral(text: string, section?: SectionId): Sentence {
  return { tone: "neutral", text, ...(section !== undefined && { section }) };
}

function failures({ summary, outcomes }: Comparison, { broken }: Groups): Sentence[] {
  const said: Sentence[] = [];
  if (summary.failures_new > 0) {
    const { names, isAll } = hostsOf(broken);
    const isComplete = isAll && outcomes.length === summary.tasks_different;
    const who = isComplete ? plural(names.length, "host") : plural(summary.failures_new, "result");
    const [first] = broken;
    const where =
      broken.length === 1 && first ? `at “${taskName(first.task)}”` : `at ${plural(broken.length, "task")}`;
    said.push({ tone: "bad", text: `${who} failed ${where}, and did not before`, section: "failures" });
  }
  if (summary.failures_same > 0) {
    const text = `${plural(summary.failures_same, "result")} failed in both runs`;
    said.push({ tone: "bad", text, section: "still-failing" });
  }
  if (summary.failures_fixed > 0) {
    const text = `${plural(summary.failures_fixed, "result")} failed before, and not now`;
    said.push({ tone: "good", text, section: "fixed" });
  }
  return said;
}

function notReached({ summary }: Comparison): Sentence[] {
  const said: Sentence[] = [];
  const {
    results_not_reached: results,
    tasks_not_reached: left,
    tasks_not_reached_before: leftBefore,
  } = summary;
  if (results > 0) {
    said.push(neutral(`${plural(results, "result")} missing in one run, whose hosts had failed sooner`));
  }
  if (left > 0) {
    said.push(
      neutral(`${plural(left, "task")} of the earlier run ${left === 1 ? "was" : "were"} not reached now`),
    );
  }
  if (leftBefore > 0) {
    said.push(neutral(`The earlier run did not reach ${plural(leftBefore, "task")} of this one`));
  }
  return said;
}

function outcomes({ summary }: Comparison): Sentence[] {
  const isTold = (outcome: string) => outcome === "failed" || outcome === "unreachable";
  return summary.transitions
    .filter(({ before, now }) => !isTold(before) && !isTold(now))
    .map(({ before, now, results }) =>
      neutral(
        `${plural(results, "result")}: ${before === "absent" ? "not run" : before} → ${now === "absent" ? "not run" : now}`,
        "outcomes",
      ),
    );
}

function tasks({ summary, tasks_added, tasks_gone, tasks_moved, tasks_renamed }: Comparison): Sentence[] {
  const [added] = tasks_added;
  const [gone] = tasks_gone;
  const [moved] = tasks_moved;
  const [renamed] = tasks_renamed;
  const changes = [
    { count: summary.tasks_added, word: "added", name: added && taskName(added) },
    { count: summary.tasks_gone, word: "gone", name: gone && taskName(gone) },
    { count: summary.tasks_moved, word: "moved", name: moved && taskName(moved.now) },
    { count: summary.tasks_renamed, word: "renamed", name: renamed && taskName(renamed.now) },
  ];
  return changes
    .filter(({ count }) => count > 0)
    .map(({ count, word, name }) =>
      neutral(count === 1 && name ? `Task ${word}: “${name}”` : `${plural(count, "task")} ${word}`, "tasks"),
    );
}

function hosts({ summary, hosts_added: added, hosts_gone: gone }: Comparison): Sentence[] {
  const said: Sentence[] = [];
  if (summary.hosts_added > 0) {
    said.push(
      neutral(`${plural(summary.hosts_added, "host")} added: ${list(added, summary.hosts_added)}`, "hosts"),
    );
  }
  if (summary.hosts_gone > 0) {
    said.push(
      neutral(`${plural(summary.hosts_gone, "host")} gone: ${list(gone, summary.hosts_gone)}`, "hosts"),
    );
  }
  return said;
}

function parameters({ summary, parameters: all }: Comparison): Sentence[] {
  const names = list(
    all.map(({ field }) => parameterName(field)),
    summary.parameters,
    6,
  );
  return summary.parameters > 0
    ? [
        neutral(
          `${plural(summary.parameters, "parameter")} ${summary.parameters === 1 ? "differs" : "differ"}: ${names}`,
          "parameters",
        ),
      ]
    : [];
}

/** The run as a whole, and the tasks. */
function durations({ summary, durations: all, before, now }: Comparison): Sentence[] {
  const said: Sentence[] = [];
  const [a, b] = [before.duration ?? 0, now.duration ?? 0];
  if (a > 0 && b > 0 && Math.abs(a - b) >= 2 && Math.abs(a - b) * 5 >= Math.min(a, b)) {
    said.push(neutral(`The run took ${duration(b)} instead of ${duration(a)}`));
  }
  if (summary.durations > 0) {
    const longer = all.filter((one) => one.now > one.before).length;
    const isAll = all.length === summary.durations;
    const text =
      isAll && longer === all.length
        ? `${plural(longer, "task")} took longer`
        : isAll && longer === 0
          ? `${plural(all.length, "task")} took less time`
          : `${plural(summary.durations, "task")} took longer or less time`;
    said.push(neutral(text, "durations"));
  }
  return said;
}

function output({ summary }: Comparison): Sentence[] {
  const { output_lines: lines } = summary;
  return lines > 0 ? [neutral(`${plural(lines, "printed line")} that only one run has`, "output")] : [];
}
