import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { FindBar } from "./FindBar";
import type { Query } from "./types";

const FINDING = { found: undefined, at: 0, busy: false, error: undefined, go: () => undefined };

it("shows each letter at once, and takes none back when the address comes later", async () => {
  const onQuery = vi.fn<(query: Query) => void>();
  const bar = (text: string) => (
    <FindBar
      query={{ text, regex: false, caseSensitive: false }}
      finding={FINDING}
      field={null}
      onQuery={onQuery}
      onClose={() => undefined}
    />
  );
  const { rerender } = render(bar(""));
  const field = screen.getByRole<HTMLInputElement>("searchbox");
  await userEvent.type(field, "abc");
  expect(field.value).toBe("abc");
  rerender(bar("ab"));
  expect(field.value).toBe("abc");
  await userEvent.click(screen.getByRole("button", { name: "Regular expression" }));
  expect(onQuery).toHaveBeenLastCalledWith({ text: "abc", regex: true, caseSensitive: false });
  rerender(bar("abc"));
  rerender(bar(""));
  expect(field.value).toBe("");
});
