import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { Console, type ConsoleProps } from "./Console";
import { NoLines } from "./errors";
import type { Line, Source } from "./types";

const TEXTS = [
  "PLAY [web] ****",
  "",
  "TASK [good] ****",
  "ok: [web-01]",
  "",
  "TASK [bad] ****",
  "fatal: [web-01]: FAILED! => {}",
  "",
  "PLAY RECAP ****",
];
const LINES = TEXTS.map((text, number): Line => ({ number, text, time: number, stream: "stdout" }));

function show(more: Partial<ConsoleProps> = {}): ConsoleProps {
  const source: Source = {
    page: async (from, limit) => ({ lines: LINES.slice(from, from + limit), total: LINES.length }),
  };
  const props: ConsoleProps = {
    source,
    live: false,
    failed: true,
    start: 0,
    zone: "UTC",
    selected: undefined,
    only: undefined,
    query: undefined,
    hrefOf: () => "#",
    rawHref: "/raw",
    downloadName: "run.txt",
    empty: (reason) => <p>No lines: {reason ?? "nothing was printed"}</p>,
    onSelect: vi.fn(),
    onOnly: vi.fn(),
    onQuery: vi.fn(),
    ...more,
  };
  render(<Console {...props} />);
  return props;
}

it("shows the lines of a run that failed, with what passed folded, and leads to the failure", async () => {
  const props = show();
  await screen.findByText("fatal: [web-01]: FAILED! => {}");
  await waitFor(() => expect(document.querySelector("[hidden]")?.textContent).toBe("ok: [web-01]"));
  fireEvent.click(screen.getByRole("button", { name: "TASK [good]" }));
  await waitFor(() => expect(document.querySelector("[hidden]")).toBeNull());
  fireEvent.click(screen.getByRole("button", { name: "Next failure" }));
  expect(props.onSelect).toHaveBeenCalledWith({ from: 6, to: 6 });
});

it("leads to each task, and says in words which failed", async () => {
  show();
  const picker = await screen.findByLabelText("Go to task");
  await waitFor(() =>
    expect([...picker.querySelectorAll("option")].map((option) => option.textContent)).toEqual([
      "Tasks",
      "good",
      "✖ failed: bad",
    ]),
  );
});

it("counts what is searched for, and says so", async () => {
  show({ query: { text: "web-01", regex: false, caseSensitive: false } });
  expect(await screen.findByText("1 of 2 lines")).toBeTruthy();
});

it("says why there are no lines", async () => {
  const page = () => Promise.reject(new NoLines("the log was removed"));
  show({ source: { page } });
  expect(await screen.findByText("No lines: the log was removed")).toBeTruthy();
});

it("waits for the first line of a run that goes on", async () => {
  show({ source: { page: async () => ({ lines: [], total: 0 }) }, live: true, failed: false });
  expect(await screen.findByText(/Nothing was printed yet/)).toBeTruthy();
});

it("opens its own search by Ctrl+F, and leaves a second one to the browser", async () => {
  const { onQuery } = show();
  const first = new KeyboardEvent("keydown", { key: "f", ctrlKey: true, bubbles: true, cancelable: true });
  document.body.dispatchEvent(first);
  expect(first.defaultPrevented).toBe(true);
  expect(onQuery).toHaveBeenCalled();
});

it("leads from a selected line to its result by Enter, and has its actions before the lines", async () => {
  const page: Source["page"] = async (from, limit) => ({
    lines: LINES.map((line) => ({ ...line, of: 7 })).slice(from, from + limit),
    total: LINES.length,
  });
  const onOpen = vi.fn();
  show({ source: { page }, selected: { from: 6, to: 6 }, onOpen });
  const button = await screen.findByRole("button", { name: "Show its result" });
  const output = screen.getByRole("region", { name: "Output" });
  expect(button.compareDocumentPosition(output) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy();
  fireEvent.keyDown(output, { key: "Enter" });
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ number: 6, of: 7 }));
});
