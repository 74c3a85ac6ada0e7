import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { noteAnswer } from "../api/connection";
import { page } from "./page";

const reload = vi.spyOn(window.location, "reload").mockImplementation(() => {});
const Missing = page(async () => {
  throw new TypeError("Failed to fetch dynamically imported module");
});

afterEach(() => {
  vi.unstubAllGlobals();
  reload.mockClear();
  noteAnswer();
});

test("a page is shown when its code is there", async () => {
  const Page = page(async () => ({ component: () => <h1>Hosts</h1> }));
  render(<Page />);
  expect(await screen.findByRole("heading", { name: "Hosts" })).not.toBeNull();
});

test("while the collector is away, the window stays; it is loaded again when the collector is back", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  render(<Missing />);
  await screen.findByText("The collector does not answer.");
  expect(reload).not.toHaveBeenCalled();
  vi.stubGlobal("fetch", async () => new Response('{"actor":"a","scopes":[]}'));
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  await vi.waitFor(() => expect(reload).toHaveBeenCalledTimes(1));
});

test("a collector that has no such file was updated: the reader says when to reload", async () => {
  vi.stubGlobal("fetch", async () => new Response('{"actor":"a","scopes":[]}'));
  render(<Missing />);
  await screen.findByText(/^The collector was updated/);
  expect(reload).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(reload).toHaveBeenCalledTimes(1);
});
