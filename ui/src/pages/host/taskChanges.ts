/** What tasks changed on a host: the changes of one task put together, and words for where a task is from. */
import type { HostChange } from "../../api/types";

/** What one task changed, of the changes that were looked at. */
export interface TaskChanges {
  /** Differs from that of any other task. */
  readonly key: string;
  readonly count: number;
  readonly first: HostChange;
  readonly last: HostChange;
}

/**
 * A row for each task, the one that changed something last before all others. In another run a task has another number, and may stand at
 * another line: the same name, role, module and playbook make it the same task. `changes` are newest first, as the API lists them.
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
      // Runs overlap, so a change of an earlier run may be the later one. Of two at the same time, the API lists the later one first.
      first: known === undefined || timeOf(change) <= timeOf(known.first) ? change : known.first,
      last: known === undefined || timeOf(change) > timeOf(known.last) ? change : known.last,
    });
  }
  return [...tasks.values()].sort((one, other) => timeOf(other.last) - timeOf(one.last));
}

/** Not the text: times have as many digits as they need, so their texts do not sort by time. */
function timeOf({ time }: HostChange): number {
  return Date.parse(time);
}

/** The task's name; a task without one is known by its module. */
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
