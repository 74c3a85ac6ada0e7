import type { TaskResult } from "../../../api/types";

/** The displayed result: the one that the address names, otherwise the last one that counts. */
export function chooseResult(
  results: readonly TaskResult[],
  seq: number | undefined,
): TaskResult | undefined {
  return (
    results.find((result) => result.seq === seq) ??
    results.findLast((result) => !result.retracted) ??
    results.at(-1)
  );
}

/** The hosts next to a host that have a result of the task, in the order of the run. */
export function neighboursOf(
  hosts: readonly string[],
  hasResult: (at: number) => boolean,
  host: string,
): { before: string | undefined; after: string | undefined } {
  const at = hosts.indexOf(host);
  let before = at - 1;
  while (before >= 0 && !hasResult(before)) {
    before -= 1;
  }
  let after = at + 1;
  while (after < hosts.length && !hasResult(after)) {
    after += 1;
  }
  return at < 0 ? { before: undefined, after: undefined } : { before: hosts[before], after: hosts[after] };
}

/** The same task in another run: by name and module, since its number differs when tasks come and go. */
export function sameTask(
  results: readonly TaskResult[],
  task: Pick<TaskResult, "task_name" | "action">,
): TaskResult | undefined {
  const found = results.filter((one) => one.task_name === task.task_name && one.action === task.action);
  return chooseResult(found, undefined);
}
