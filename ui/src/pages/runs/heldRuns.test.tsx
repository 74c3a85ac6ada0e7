import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ListedExecution } from "../../api/types";
import { NO_HOSTS } from "../../test/records";
import { hold, useHeld } from "./heldRuns";

function run(id: string, status: ListedExecution["status"] = "success"): ListedExecution {
  return {
    id,
    status,
    phase: "finished",
    start_time: "2026-01-20T10:00:00Z",
    hosts_by_outcome: NO_HOSTS,
    changed: false,
    events: { complete: true, received: 1 },
    output_lines: 0,
    results: 0,
  };
}

const ids = (runs: readonly ListedExecution[]) => runs.map(({ id }) => id);

test("held rows stay, change in place, and new ones are counted", () => {
  const shown = [run("b", "running"), run("a")];
  const latest = [run("d"), run("c"), run("b", "failed")];
  const held = hold(shown, latest);
  expect(ids(held.runs)).toEqual(["b", "a"]);
  expect(held.runs[0]?.status).toBe("failed");
  expect(held.waiting).toBe(2);
});

test("a held run that ends, and leaves the list of those that run, does not go back to running", () => {
  const first = { question: "q", latest: [run("b", "running"), run("a", "running")], isHeld: true };
  const { result, rerender } = renderHook((props) => useHeld(props.question, props.latest, props.isHeld), {
    initialProps: first,
  });
  rerender({ ...first, latest: [run("b", "failed"), run("a", "running")] });
  rerender({ ...first, latest: [run("a", "running")] });
  rerender({ ...first, latest: [run("c", "running"), run("a", "running")] });
  expect(result.current.runs.map(({ id, status }) => [id, status])).toEqual([
    ["b", "failed"],
    ["a", "running"],
  ]);
  expect(result.current.waiting).toBe(1);
  rerender({ ...first, latest: [run("c", "running"), run("a", "running")], isHeld: false });
  expect(ids(result.current.runs)).toEqual(["c", "a"]);
});

test("an empty list is not held, and the last row of one is", () => {
  const first = { latest: [] as ListedExecution[], isHeld: true };
  const { result, rerender } = renderHook((props) => useHeld("q", props.latest, props.isHeld), {
    initialProps: first,
  });
  rerender({ ...first, latest: [run("a")] });
  expect(ids(result.current.runs)).toEqual(["a"]);
  rerender(first);
  expect(ids(result.current.runs)).toEqual(["a"]);
});

test("rows move as soon as nobody points at them, when asked, and for another question", () => {
  const first = { question: "q", latest: [run("a")], isHeld: false };
  const { result, rerender } = renderHook((props) => useHeld(props.question, props.latest, props.isHeld), {
    initialProps: first,
  });
  const latest = [run("b"), run("a")];
  rerender({ ...first, latest, isHeld: true });
  expect(ids(result.current.runs)).toEqual(["a"]);
  expect(result.current.waiting).toBe(1);
  rerender({ ...first, latest, isHeld: false });
  expect(ids(result.current.runs)).toEqual(["b", "a"]);
  const later = [run("c"), ...latest];
  rerender({ ...first, latest: later, isHeld: true });
  expect(result.current.waiting).toBe(1);
  result.current.take();
  rerender({ ...first, latest: later, isHeld: true });
  expect(ids(result.current.runs)).toEqual(["c", "b", "a"]);
  rerender({ question: "other", latest: [run("z")], isHeld: true });
  expect(ids(result.current.runs)).toEqual(["z"]);
});

test("rows of the list before are not held as those of the next one", () => {
  const before = [run("b"), run("a")];
  const { result, rerender } = renderHook((props) => useHeld(props.question, props.latest, true), {
    initialProps: { question: "newest first" as string | undefined, latest: before },
  });
  rerender({ question: undefined, latest: before });
  expect(ids(result.current.runs)).toEqual(["b", "a"]);
  const sorted = [run("a"), run("b")];
  rerender({ question: "oldest first", latest: sorted });
  expect(ids(result.current.runs)).toEqual(["a", "b"]);
});
