/** Back, Forward and Reload lead to where the reader was; a new page begins at its top. */
import type { Page } from "@playwright/test";
import { goodRun, many, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

/** Where the page is scrolled to. */
function position(page: Page): Promise<number> {
  return page.getByRole("main").evaluate((main) => Math.round(main.scrollTop));
}

test("the list is where it was after Back, Forward and Reload, and a run begins at its top", async ({
  page,
  collector,
}) => {
  await many(40, 8, (number) => goodRun("scrolled.yml", undefined, 100 + number).send(collector));
  await page.goto("runs?playbook=scrolled.yml");
  const links = page.getByRole("link", { name: "scrolled.yml", exact: true });
  await expect(links).toHaveCount(40);
  await links.nth(30).scrollIntoViewIfNeeded();
  const before = await position(page);
  expect(before).toBeGreaterThan(200);
  await links.nth(30).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("scrolled.yml");
  await expect.poll(() => position(page)).toBe(0);

  await page.goBack();
  await expect(links).toHaveCount(40);
  await expect.poll(() => position(page)).toBe(before);
  await page.reload();
  await expect(links).toHaveCount(40);
  await expect.poll(() => position(page)).toBe(before);
  await page.goForward();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("scrolled.yml");
  await expect.poll(() => position(page)).toBe(0);
  await page.goBack();
  await expect.poll(() => position(page)).toBe(before);
});

test("the list of tasks is where it was, also when a task is chosen", async ({ page, collector }) => {
  const run = new Run({ playbook: "tall.yml" }).play("web");
  for (let task = 1; task <= 60; task += 1) {
    run.task(`step ${task}`).ok("web-01");
  }
  await run.end().send(collector);
  await page.goto(`runs/${run.id}/tasks`);
  const step = page.getByRole("button", { name: "step 55", exact: true });
  await step.scrollIntoViewIfNeeded();
  await step.click();
  await expect(page).toHaveURL(/task=55/);
  await expect(page.getByRole("heading", { level: 3, name: "step 55" })).toBeVisible();
  await expect(step).toBeInViewport();
  await page.getByRole("link", { name: "Summary", exact: true }).click();
  await expect(step).toHaveCount(0);
  await page.goBack();
  await expect(step).toBeInViewport();
  await page.reload();
  await expect(step).toBeInViewport();
});

test("the console is where it was after Back and Reload", async ({ page, collector }) => {
  const run = new Run({ playbook: "long-read.yml" }).play("web").task("talk");
  run.prints(Array.from({ length: 3_000 }, (_, at) => `number ${at + 1}.\n`).join("")).end();
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  const first = page.getByText("number 1.", { exact: true });
  await expect(first).toBeInViewport();
  const output = page.getByRole("region", { name: "Output" });
  await output.hover();
  await page.mouse.wheel(0, 20_000);
  // Two lines for the play, two for the task, 20 pixels for each line.
  const seen = page.getByText("number 1000.", { exact: true });
  await expect(seen).toBeInViewport();
  await page.getByRole("link", { name: "Tasks", exact: true }).click();
  await expect(page).toHaveURL(/\/tasks/);
  await page.goBack();
  await expect(seen).toBeInViewport();
  await page.reload();
  await expect(seen).toBeInViewport();
  // A link to the console is not a way back.
  await page.getByRole("link", { name: "Tasks", exact: true }).click();
  await page.getByRole("link", { name: "Console", exact: true }).click();
  await expect(first).toBeInViewport();
});
