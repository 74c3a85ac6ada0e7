import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ListedExecution } from "../../api/types";
import { NO_HOSTS } from "../../test/records";
import { names } from "./Selection";
import { useSelection } from "./useSelection";

const run = (id: string): ListedExecution => ({
  id,
  status: "success",
  phase: "finished",
  playbook: "web/site.yml",
  start_time: "2026-01-20T10:00:00Z",
  hosts_by_outcome: NO_HOSTS,
  changed: false,
  events: { complete: true, received: 1 },
  output_lines: 0,
  results: 0,
});

test("runs are selected until they are not, whatever the list shows", () => {
  const { result } = renderHook(useSelection);
  act(() => result.current.select(run("a"), true));
  act(() => result.current.select(run("b"), true));
  act(() => result.current.select(run("a"), false));
  expect([...result.current.selected.values()].map(({ id }) => id)).toEqual(["b"]);
  act(() => result.current.clear());
  expect(result.current.selected.size).toBe(0);
});

test("what is deleted is named first", () => {
  expect(names([run("a")])).toMatch(/^site\.yml \(.+\)$/);
  expect(names(Array.from({ length: 7 }, (_, at) => run(`run-${at}`)))).toMatch(/ and 2 more$/);
});
