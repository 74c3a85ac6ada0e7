import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { type ReactElement, useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { TextFilter } from "./TextFilter";

afterEach(() => vi.useRealTimers());

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

/** A field whose address changes `late` milliseconds after it was asked to. */
function Late({ late, asked }: { late: number; asked: string[] }): ReactElement {
  const [value, setValue] = useState("");
  const apply = (text: string) => {
    asked.push(text);
    setTimeout(() => setValue(text), late);
  };
  return <TextFilter value={value} apply={apply} label="Name" />;
}

function slowField(late: number) {
  vi.useFakeTimers();
  const asked: string[] = [];
  render(<Late late={late} asked={asked} />);
  const field = screen.getByLabelText<HTMLInputElement>("Name");
  return {
    asked,
    field,
    type: (text: string) => fireEvent.change(field, { target: { value: text } }),
    pass: (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds)),
  };
}

test("a blank at the end is kept for what is typed after a pause", async () => {
  const { asked, field, type, pass } = slowField(10);
  type("Install ");
  await pass(1_000);
  expect(asked).toEqual(["Install"]);
  expect(field.value).toBe("Install ");
  type("Install nginx");
  await pass(1_000);
  expect(asked).toEqual(["Install", "Install nginx"]);
  expect(field.value).toBe("Install nginx");
});

test("what is typed while the page is slow is not taken back", async () => {
  const { asked, field, type, pass } = slowField(500);
  type("web");
  await pass(400);
  type("web-0");
  await pass(400);
  type("web-01");
  await pass(100);
  expect(field.value).toBe("web-01");
  await pass(3_000);
  expect(field.value).toBe("web-01");
  expect(asked.at(-1)).toBe("web-01");
});
