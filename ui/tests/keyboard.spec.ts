import type { Locator, Page } from "@playwright/test";
import type { Execution } from "../src/api/types";
import { failedRun, goodRun, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

/** Presses Tab until the focus is there, as people do; fails if the focus never gets there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 150; presses += 1) {
    if (
      await target.evaluate(
        (element) => element === document.activeElement || element.contains(document.activeElement),
      )
    ) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never gets to ${target}`);
}

test("by keyboard alone: a failed run, its first failure, that line in the console, replay", async ({
  page,
  collector,
}) => {
  test.slow();
  const body = { playbook: "release.yml", inventory: "hosts.ini", note: "by keyboard" };
  const { id } = await collector.ask<Execution>("POST", "/playbooks/run", body);
  await collector.ask<Execution>("GET", `/executions/${id}?wait=final&timeout=60`);

  await page.goto("runs");
  await expect(page.locator(`a[href*="${id}"]`).first()).toBeVisible();
  // The first press offers a way past the navigation.
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  await tabTo(page, page.getByRole("button", { name: "Failed", exact: true }));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/status=failed/);
  await tabTo(page, page.locator(`a[href*="${id}"]`).first());
  await page.keyboard.press("Enter");

  // The failure is there without a further step. The console opens at its line, and goes to it again.
  await expect(page.getByText("version 2.0 does not start on web-02").first()).toBeVisible();
  await tabTo(page, page.getByRole("link", { name: "Console", exact: true }));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/runs/${id}/console`));
  const output = page.getByRole("region", { name: "Output" });
  await expect(output.getByText(/fatal: \[web-02\]: FAILED!/)).toBeInViewport();
  await tabTo(page, output);
  await page.keyboard.press("n");
  await expect(page).toHaveURL(/#L\d+/);
  await expect(output.getByText(/fatal: \[web-02\]: FAILED!/)).toBeInViewport();

  await page.evaluate(() => document.getElementById("main")?.focus());
  await tabTo(page, page.getByRole("link", { name: "Replay failed hosts" }));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/launch/);
  await tabTo(page, page.getByRole("button", { name: /^(Replay|Launch|Run)/ }));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
  await expect(page).not.toHaveURL(new RegExp(id));
  await expect(page.getByText("Failed").first()).toBeVisible({ timeout: 30_000 });
});

test("new runs and new lines are shown by keyboard, and the focus stays there", async ({
  page,
  collector,
}) => {
  await goodRun("held.yml").send(collector);
  await page.goto("runs?playbook=held.yml");
  const rows = page.getByRole("row").filter({ hasText: "held.yml" });
  await rows.getByRole("link", { name: "held.yml", exact: true }).focus();
  await goodRun("held.yml", ["web-01"], 5).send(collector);
  const show = page.getByRole("button", { name: "Show 1 new run" });
  await expect(show).toBeVisible();
  await show.focus();
  await page.keyboard.press("Enter");
  await expect(rows).toHaveCount(2);
  await expect(page.getByRole("region", { name: "Runs found" })).toBeFocused();
  // The list is held no longer.
  await goodRun("held.yml", ["web-01"], 1).send(collector);
  await expect(rows).toHaveCount(3);

  const run = new Run({ playbook: "talks.yml" }, 1).play("web").task("talk");
  await run.prints(Array.from({ length: 200 }, (_, at) => `line ${at + 1}\n`).join("")).send(collector);
  await page.goto(`runs/${run.id}/console`);
  const output = page.getByRole("region", { name: "Output" });
  await expect(page.getByText("line 200", { exact: true })).toBeInViewport();
  await output.press("Home");
  await run.prints("the last line\n").send(collector);
  const more = page.getByRole("button", { name: "1 new line" });
  await more.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("the last line")).toBeInViewport();
  await expect(output).toBeFocused();
});

test("Ctrl+F opens the console's search, and pressed again in it the browser's own", async ({
  page,
  collector,
}) => {
  const run = new Run({ playbook: "searched.yml" }).play("web").task("talk");
  run.prints(Array.from({ length: 3_000 }, (_, at) => `number ${at + 1}.\n`).join("")).end();
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText("number 1.", { exact: true })).toBeVisible();
  // The browser finds what is in the document: all lines, not only those in view.
  await expect(page.getByText("number 3000.", { exact: true })).toBeAttached();
  // What a page prevents, the browser does not do.
  const prevented = await page.evaluateHandle(() => {
    const seen: boolean[] = [];
    window.addEventListener("keydown", ({ key, defaultPrevented }) => {
      if (key === "f") {
        seen.push(defaultPrevented);
      }
    });
    return seen;
  });
  const field = page.getByRole("searchbox", { name: "Search the output" });
  await page.keyboard.press("Control+f");
  await expect(field).toBeFocused();
  await expect(page.getByText("Press Ctrl+F again for the browser's search")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(field).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Output" })).toBeFocused();
  await page.keyboard.press("Control+f");
  await expect(field).toBeFocused();
  expect(await prevented.jsonValue()).toEqual([true, true]);
  await page.keyboard.press("Control+f");
  expect(await prevented.jsonValue()).toEqual([true, true, false]);
  await expect(field).toBeVisible();
});

test("the matrix is walked by its arrow keys, and Enter opens a result", async ({ page, collector }) => {
  const run = await failedRun("walked.yml", ["web-01", "web-02", "web-03"]).send(collector);
  await page.goto(`runs/${run.id}/matrix?sort=name&fold=false`);
  const grid = page.getByRole("grid");
  await tabTo(page, grid);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await expect(page).toHaveURL(/host=.*task=|task=.*host=/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/runs/${run.id}/results/\\d+/web-0\\d`));
});
