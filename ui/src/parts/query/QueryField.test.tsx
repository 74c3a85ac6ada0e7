import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { SEARCH_FIELDS } from "./fields";
import { QueryField } from "./QueryField";

function show(props: { value?: string; error?: string; onType?: (query: string) => void } = {}) {
  const apply = vi.fn<(query: string) => void>();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <QueryField
        value={props.value ?? ""}
        apply={apply}
        label="Search"
        placeholder=""
        help="Help"
        error={props.error}
        {...(props.onType && { onType: props.onType })}
        fields={SEARCH_FIELDS}
        known={new Map([["task", ["Install nginx", "Check"]]])}
      />
    </QueryClientProvider>,
  );
  return { apply, user: userEvent.setup(), field: screen.getByRole<HTMLInputElement>("combobox") };
}

test("what is typed is asked with Enter, without blanks around it", async () => {
  const { apply, user, field } = show();
  await user.type(field, " refused {Enter}");
  expect(apply).toHaveBeenCalledExactlyOnceWith("refused");
});

test("a field and its value are completed with the keyboard", async () => {
  const { apply, user, field } = show();
  await user.type(field, "refused ta");
  expect(screen.getByRole("option").textContent).toContain("task:");
  expect(field.getAttribute("aria-expanded")).toBe("true");
  await user.keyboard("{ArrowDown}{Enter}");
  expect(field.value).toBe("refused task:");
  await user.keyboard("{ArrowDown}");
  const chosen = document.getElementById(field.getAttribute("aria-activedescendant") ?? "");
  expect(chosen?.textContent).toBe("Install nginx");
  await user.keyboard("{Enter}");
  expect(field.value).toBe('refused task:"Install nginx" ');
  await user.keyboard("{Escape}{Enter}");
  expect(apply).toHaveBeenCalledExactlyOnceWith('refused task:"Install nginx"');
});

test("Escape closes the list, and Enter then asks what is typed", async () => {
  const { apply, user, field } = show();
  await user.type(field, "ta{ArrowDown}{Escape}");
  expect(screen.queryAllByRole("option")).toEqual([]);
  await user.keyboard("{Enter}");
  expect(apply).toHaveBeenCalledExactlyOnceWith("ta");
});

test("an error stands until the query is changed", async () => {
  const { user, field } = show({ value: "a status:x", error: "q: column 10: status = x: no" });
  expect(screen.getByRole("alert").textContent).toContain("Column 10: status = x: no");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  await user.type(field, "y");
  expect(screen.getByRole("alert").textContent).toBe("");
});

test("what is typed while an answer is on its way is not taken back", async () => {
  const field = (value: string) => (
    <QueryClientProvider client={cache}>
      <QueryField value={value} apply={() => undefined} label="Search" placeholder="" help="Help" />
    </QueryClientProvider>
  );
  const cache = new QueryClient();
  const { rerender } = render(field(""));
  const input = screen.getByRole<HTMLInputElement>("combobox");
  await userEvent.type(input, "refused{Enter} by");
  rerender(field("refused"));
  expect(input.value).toBe("refused by");
  rerender(field("another"));
  expect(input.value).toBe("another");
});

test("the field can be emptied", async () => {
  const { apply, user, field } = show({ value: "refused" });
  await user.click(screen.getByRole("button", { name: "Empty the field" }));
  expect(apply).toHaveBeenCalledExactlyOnceWith("");
  expect(field.value).toBe("");
});

test("in a form, each letter counts, and an emptied field has no list", async () => {
  const onType = vi.fn<(query: string) => void>();
  const { user, field } = show({ onType });
  await user.type(field, "ta");
  expect(onType).toHaveBeenLastCalledWith("ta");
  expect(screen.queryAllByRole("option")).not.toEqual([]);
  await user.clear(field);
  expect(onType).toHaveBeenLastCalledWith("");
  expect(screen.queryAllByRole("option")).toEqual([]);
});
