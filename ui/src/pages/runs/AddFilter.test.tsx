import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { AddFilter } from "./AddFilter";

async function add(field: string, value: string): Promise<unknown> {
  const change = vi.fn();
  const { unmount } = render(<AddFilter change={change} />);
  await userEvent.click(screen.getByRole("button", { name: "Filter" }));
  await userEvent.selectOptions(await screen.findByLabelText("Field"), field);
  const control = screen.getByLabelText("Value");
  if (control instanceof HTMLSelectElement) {
    await userEvent.selectOptions(control, value);
  } else {
    await userEvent.type(control, value);
  }
  const [, apply] = screen.getAllByRole("button", { name: "Filter" });
  await userEvent.click(apply ?? control);
  unmount();
  return change.mock.calls[0]?.[0];
}

test("every filter of the list can be set without knowing the query language", async () => {
  expect(await add("host", "web_01")).toEqual({ host: "web_01" });
  expect(await add("type", "adhoc")).toEqual({ type: "adhoc" });
  expect(await add("pinned", "no")).toEqual({ pinned: false });
  expect(await add("took at least (seconds)", "90")).toEqual({ min_duration: 90 });
  expect(await add("started from (day in UTC)", "2026-01-20")).toEqual({
    since: undefined,
    start_date: "2026-01-20",
  });
});
