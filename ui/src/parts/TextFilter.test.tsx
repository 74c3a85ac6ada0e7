import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { TextFilter } from "./TextFilter";

test("what is typed applies after a pause, once", async () => {
  const apply = vi.fn();
  render(<TextFilter value="" apply={apply} label="Name" />);
  await userEvent.type(screen.getByLabelText("Name"), "web ");
  expect(apply).not.toHaveBeenCalled();
  await waitFor(() => expect(apply).toHaveBeenCalledExactlyOnceWith("web"));
});

test("another address changes the field", () => {
  const { rerender } = render(<TextFilter value="web" apply={() => undefined} label="Name" />);
  rerender(<TextFilter value="db" apply={() => undefined} label="Name" />);
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("db");
});
