// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { copyText } from "./clipboard";

const execCommand = vi.fn<(command: string) => boolean>();
Object.defineProperty(document, "execCommand", { value: execCommand, configurable: true });

function clipboard(value: unknown): void {
  Object.defineProperty(navigator, "clipboard", { value, configurable: true });
}

afterEach(() => execCommand.mockReset());

test("the clipboard is asked first", async () => {
  const writeText = vi.fn(async () => undefined);
  clipboard({ writeText });
  expect(await copyText("a")).toBe(true);
  expect(writeText).toHaveBeenCalledWith("a");
  expect(execCommand).not.toHaveBeenCalled();
});

test("over plain http, what is selected is copied, and nothing is left behind", async () => {
  clipboard(undefined);
  let copied = "";
  execCommand.mockImplementation(() => {
    copied = document.querySelector("textarea")?.value ?? "";
    return true;
  });
  expect(await copyText("two\nlines")).toBe(true);
  expect(copied).toBe("two\nlines");
  expect(document.querySelector("textarea")).toBeNull();
});

test("a browser that does not allow it is not said to have copied", async () => {
  clipboard({ writeText: async () => Promise.reject(new Error("denied")) });
  execCommand.mockReturnValue(false);
  expect(await copyText("a")).toBe(false);
});
