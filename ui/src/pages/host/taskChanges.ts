/** The changes of a host by task, and texts for the origin of a task. */
import type { HostChange } from "../../api/types";

/** The changes of one task, among those that were read. */
export interface TaskChanges {
  /** Differs from the key of any other task. */
  readonly key: string;
  readonly count: number;
  readonly first: HostChange;
  readonly last: HostChange;
}

/**
 * A row for each task, most recent change first. In another run a task has another number, and may be at
 * another line: the same name, role, module and playbook make it the same task. `changes` are newest first,
 * as the API lists them.
 */
export function byTask(changes: readonly HostChange[]): TaskChanges[] {
  const tasks = new Map<string, TaskChanges>();
  for (const change of changes) {
    const { task_name, role = "", action, playbook } = change;
    const key = JSON.stringify([task_name, role, action, playbook ?? ""]);
    const known = tasks.get(key);
    tasks.set(key, {
      key,
      count: (known?.count ?? 0) + 1,
      // Runs overlap, so a change in an earlier run may be later. Of two at the same time, the API lists the later first.
      first: known === undefined || timeOf(change) <= timeOf(known.first) ? change : known.first,
      last: known === undefined || timeOf(change) > timeOf(known.last) ? change : known.last,
    });
  }
  return [...tasks.values()].sort((one, other) => timeOf(other.last) - timeOf(one.last));
}

/** Not compared as text: the number of digits varies, so texts do not sort by time. */
function timeOf({ time }: HostChange): number {
  return Date.parse(time);
}

/** The task's name, or the module of a task without a name. */
export function titleOf({ task_name, action }: HostChange): string {
  return task_name || action;
}

/** "ansible.builtin.copy in role web, tasks/main.yml:12, run on db-01". */
export function origin({ action, role, path, line, delegated_to }: HostChange): string {
  const parts = [
    role ? `${action} in role ${role}` : action,
    path ? `${path.split("/").slice(-2).join("/")}${line ? `:${line}` : ""}` : undefined,
    delegated_to ? `run on ${delegated_to}` : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ");
}
