import { act, renderHook, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { EMPTY_OUTLINE } from "./sections";
import type { Source } from "./types";
import { useTasks } from "./useTasks";
import type { ViewState } from "./view";

const VIEW: ViewState = { following: false, fresh: 0, outline: EMPTY_OUTLINE, top: 0, stuck: [], all: false };
const TASKS = [{ title: "install", from: 7, failed: false }];

it("asks for the tasks of a long run when somebody wants to go to one, and once", async () => {
  const tasks = vi.fn(async () => TASKS);
  const source: Source = { page: async () => ({ lines: [], total: 0 }), tasks };
  const { result } = renderHook(() => useTasks(source, VIEW));
  expect(result.current).toMatchObject({ tasks: [], hasMore: true });
  expect(tasks).not.toHaveBeenCalled();
  act(() => result.current.want());
  await waitFor(() => expect(result.current).toMatchObject({ tasks: TASKS, hasMore: false }));
  act(() => result.current.want());
  expect(tasks).toHaveBeenCalledTimes(1);
});

it("needs nobody where all text is loaded", () => {
  const tasks = vi.fn(async () => TASKS);
  const source: Source = { page: async () => ({ lines: [], total: 0 }), tasks };
  const { result } = renderHook(() => useTasks(source, { ...VIEW, all: true }));
  act(() => result.current.want());
  expect(result.current).toMatchObject({ tasks: [], hasMore: false });
  expect(tasks).not.toHaveBeenCalled();
});
