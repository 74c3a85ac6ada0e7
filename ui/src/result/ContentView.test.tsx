import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { ContentView } from "./ContentView";
import { readContent } from "./content";

function show(content: unknown): HTMLElement {
  return render(<ContentView content={readContent(content)} isBad />).container;
}

test("a message, a warning and a difference are text without colours, and turn nothing", () => {
  const hostile = "\u001b[31mred\u001b[0m \u202eturned";
  const { textContent } = show({
    msg: hostile,
    warnings: [hostile],
    diff: [{ before: "", after: `${hostile}\n` }],
  });
  expect(textContent?.match(/red ⟨RLO⟩turned/g)).toHaveLength(3);
  expect(textContent).not.toContain("\u001b");
  expect(textContent).not.toContain("\u202e");
});

test("a long message is cut until all of it is asked for", async () => {
  const container = show({ msg: `${"x".repeat(10_000)} the end` });
  expect(container.textContent?.length).toBeLessThan(5_000);
  await userEvent.click(screen.getByRole("button", { name: "Show all 10,008 characters" }));
  expect(container.textContent).toContain("the end");
});

test("a difference of one long line is cut, and says so", () => {
  const container = show({ diff: [{ before: "", after: "y".repeat(1_000_000) }] });
  expect(container.textContent?.length).toBeLessThan(10_000);
  expect(container.textContent).toContain("998,000 more characters");
});
