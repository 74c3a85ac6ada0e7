import { expect, test } from "vitest";
import type { HostChange } from "../../api/types";
import { byTask, origin, titleOf } from "./taskChanges";

function change(time: string, more: Partial<HostChange> = {}): HostChange {
  return {
    execution: `run of ${time}`,
    playbook: "/srv/site.yml",
    time: `2026-01-${time}Z`,
    seq: 4,
    task: 1,
    task_name: "Install",
    action: "apt",
    role: "web",
    loop: false,
    censored: false,
    ...more,
  };
}

/** "Install ×2: first, last". */
function told(changes: readonly HostChange[]): string[] {
  return byTask(changes).map(
    ({ count, first, last }) => `${titleOf(last)} ×${count}: ${first.execution}, ${last.execution}`,
  );
}

test("changes of a task are one row, whatever its number, line and user are", () => {
  const rows = told([
    change("20T10:00:00", { task: 7, line: 12, user: "ann" }),
    change("19T10:00:00", { task: 2, line: 10, delegated_to: "db-01" }),
    change("18T10:00:00", { seq: 9 }),
  ]);
  expect(rows).toEqual(["Install ×3: run of 18T10:00:00, run of 20T10:00:00"]);
  expect(byTask([])).toEqual([]);
});

test("another name, role, module or playbook is another task", () => {
  const variants: Partial<HostChange>[] = [
    {},
    { task_name: "Configure" },
    { task_name: "__proto__" },
    { role: "db" },
    { role: "" },
    { action: "dnf" },
    { playbook: "/srv/other.yml" },
    { playbook: null },
    // Neither may its parts run into each other.
    { task_name: "Install web", role: "" },
  ];
  const changes = variants.map((more) => change("20T10:00:00", more));
  const tasks = byTask([...changes, ...changes]);
  expect(tasks.map(({ count }) => count)).toEqual(changes.map(() => 2));
  expect(new Set(tasks.map(({ key }) => key)).size).toBe(changes.length);
});

test("first and last go by time, which is not the order of runs", () => {
  // The first run goes on for long: what it changed last is listed last.
  const changes = [
    change("20T12:00:00.5"),
    change("20T12:00:00", { task_name: "Other" }),
    change("20T11:00:00", { task_name: "Other", seq: 9 }),
    change("20T14:00:00"),
    change("20T10:00:00.25"),
    change("20T10:00:00"),
  ];
  expect(told(changes)).toEqual([
    "Install ×4: run of 20T10:00:00, run of 20T14:00:00",
    "Other ×2: run of 20T11:00:00, run of 20T12:00:00",
  ]);
  // Of the same time, the first that is listed is the last that happened.
  const [same] = byTask([change("20T10:00:00", { seq: 2 }), change("20T10:00:00", { seq: 1 })]);
  expect([same?.first.seq, same?.last.seq]).toEqual([1, 2]);
});

test("a task in words", () => {
  expect(titleOf(change("20T10:00:00", { task_name: "" }))).toBe("apt");
  expect(origin(change("20T10:00:00"))).toBe("apt in role web");
  const place = { path: "/srv/roles/web/tasks/main.yml", line: 12, role: "", delegated_to: "db-01" };
  expect(origin(change("20T10:00:00", place))).toBe("apt, tasks/main.yml:12, run on db-01");
});
