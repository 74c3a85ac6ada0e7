/** Which hosts and tasks are shown, in which order, and which hosts have the same outcomes. */
import { CODE, isFailure, type Matrix } from "./decode";

/** Which outcomes a host or task must have to be shown. */
export type Show = "all" | "failed" | "changed";

/** Order of the hosts. */
export type Sort = "worst" | "name";

/** The filters for hosts and tasks. */
export interface MatrixFilter {
  show: Show;
  /** Part of a host's name. */
  host: string;
  /** Part of a task's name. */
  task: string;
}

/** Hosts and tasks by index. */
export interface Selection {
  hosts: number[];
  tasks: number[];
}

/** A line of the matrix: one host, or the first of several folded hosts with the same outcomes. */
export interface Row {
  host: number;
  /** Index of the first host of its group. */
  leader: number;
  /** Number of hosts that the line represents: more than 1 for a folded group. */
  count: number;
  /** Hosts of the group to which it belongs. */
  size: number;
}

/** Whether a text contains the other, whatever the case. */
function contains(text: string, part: string): boolean {
  return part === "" || text.toLowerCase().includes(part);
}

/** The hosts and tasks that pass the filter. With `show`, those that have such an outcome at least once. */
export function select(matrix: Matrix, taskNames: readonly string[], filter: MatrixFilter): Selection {
  const host = filter.host.trim().toLowerCase();
  const task = filter.task.trim().toLowerCase();
  const hosts = [...matrix.hosts.keys()].filter((at) => contains(matrix.hosts[at] ?? "", host));
  const tasks = [...matrix.tasks.keys()].filter((at) => contains(taskNames[at] ?? "", task));
  if (filter.show === "all") {
    return { hosts, tasks };
  }
  const wanted = filter.show === "failed" ? isFailure : (code: number) => code === CODE.changed;
  const width = matrix.tasks.length;
  const found = new Uint8Array(width);
  const kept = hosts.filter((at) => {
    let any = false;
    for (const column of tasks) {
      if (wanted(matrix.cells[at * width + column] ?? 0)) {
        found[column] = 1;
        any = true;
      }
    }
    return any;
  });
  return { hosts: kept, tasks: tasks.filter((column) => found[column] === 1) };
}

/** Sorts hosts, by name in natural order (`web-9` before `web-10`), or those with the worst outcomes first. */
export function sortHosts(matrix: Matrix, { hosts, tasks }: Selection, sort: Sort): number[] {
  if (sort === "name") {
    const collator = new Intl.Collator("en", { numeric: true });
    return [...hosts].sort((a, b) => collator.compare(matrix.hosts[a] ?? "", matrix.hosts[b] ?? ""));
  }
  const width = matrix.tasks.length;
  const rank = new Float64Array(matrix.hosts.length);
  for (const host of hosts) {
    let worst = 0;
    let count = 0;
    for (const task of tasks) {
      const code = matrix.cells[host * width + task] ?? 0;
      if (code > worst) {
        worst = code;
        count = 0;
      }
      count += code === worst ? 1 : 0;
    }
    // The worst outcome counts most, then how often it occurred. The numbers of ok and skipped results do not
    // matter.
    rank[host] = worst * (width + 1) + (worst > CODE.ok ? count : 0);
  }
  return [...hosts].sort((a, b) => (rank[b] ?? 0) - (rank[a] ?? 0) || a - b);
}

/** Groups hosts that have the same outcome in every task; groups keep the order of their first host. */
export function groupHosts(matrix: Matrix, hosts: readonly number[], tasks: readonly number[]): number[][] {
  const buckets = new Map<number, number[][]>();
  const groups: number[][] = [];
  for (const host of hosts) {
    const key = signature(matrix, host, tasks);
    const bucket = buckets.get(key) ?? [];
    const group = bucket.find(([leader]) => leader !== undefined && isAlike(matrix, leader, host, tasks));
    if (group) {
      group.push(host);
    } else {
      const fresh = [host];
      groups.push(fresh);
      bucket.push(fresh);
      buckets.set(key, bucket);
    }
  }
  return groups;
}

/** The lines of the matrix: folded groups, the hosts of open ones, and hosts that are alone. */
export function rowsOf(groups: readonly (readonly number[])[], open: ReadonlySet<number>): Row[] {
  const rows: Row[] = [];
  for (const group of groups) {
    const [leader] = group;
    if (leader === undefined) {
      continue;
    }
    if (group.length > 1 && !open.has(leader)) {
      rows.push({ host: leader, leader, count: group.length, size: group.length });
    } else {
      for (const host of group) {
        rows.push({ host, leader, count: 1, size: group.length });
      }
    }
  }
  return rows;
}

/** The name of a line: a host, or a group by its first host. */
export function rowName(matrix: Matrix, row: Row): string {
  const name = matrix.hosts[row.host] ?? "";
  return row.count > 1 ? `${row.count.toLocaleString("en")} hosts like ${name}` : name;
}

/** The FNV-1a hash of a host's outcomes. */
function signature(matrix: Matrix, host: number, tasks: readonly number[]): number {
  const start = host * matrix.tasks.length;
  let hash = 0x811c9dc5;
  for (const task of tasks) {
    hash = Math.imul(hash ^ (matrix.cells[start + task] ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

function isAlike(matrix: Matrix, a: number, b: number, tasks: readonly number[]): boolean {
  const width = matrix.tasks.length;
  return tasks.every((task) => matrix.cells[a * width + task] === matrix.cells[b * width + task]);
}
