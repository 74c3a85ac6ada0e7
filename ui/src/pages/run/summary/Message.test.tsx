import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { Message } from "./Message";

test("what was printed is text, whatever it contains", () => {
  const text = '<img src=x onerror="alert(1)">\u001b[31mred\u001b[0m\u202Eright to left';
  const { container } = render(<Message text={text} />);
  expect(container.querySelector("img")).toBeNull();
  expect(container.textContent).toContain('<img src=x onerror="alert(1)">red');
});

test("a long message is shown on demand", async () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}`);
  render(<Message text={lines.join("\n")} />);
  expect(screen.queryByText(/line 40/)).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Show all 40 lines" }));
  expect(screen.getByText(/line 40/)).not.toBeNull();
});
