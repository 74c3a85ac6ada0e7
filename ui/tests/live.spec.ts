import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ExecutionList } from "../src/api/types";
import { goodRun, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

test("the list shows a run as it starts, goes on and ends", async ({ page, collector }) => {
  // What other pages read stays in memory, and is told of runs, too.
  await page.goto("trends");
  const navigation = page.getByRole("navigation", { name: "Pages" });
  for (const name of ["Hosts", "Runs"]) {
    await navigation.getByRole("link", { name }).click();
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  }
  const run = await new Run({ playbook: "live.yml" }, 1).send(collector);
  const row = page.getByRole("row").filter({ hasText: "live.yml" });
  await expect(row).toContainText("Starting");
  await run.play("web").task("install").begins("web-01").send(collector);
  await expect(row).toContainText("Running");
  await run.changed("web-01").end().send(collector);
  await expect(row).toContainText("Success");
  await expect(row).toContainText("1 changed");
});

test("a row that somebody works in tells how its run ended, and stays selected when it leaves the list", async ({
  page,
  collector,
}) => {
  const run = await new Run({ playbook: "chosen.yml" }, 5)
    .play("web")
    .task("install")
    .begins("web-01")
    .send(collector);
  let lists = 0;
  page.on("response", (response) => {
    lists += response.url().includes("status=running") ? 1 : 0;
  });
  await page.goto("runs?status=running&playbook=chosen.yml");
  const row = page.getByRole("row").filter({ hasText: "chosen.yml" });
  await row.getByRole("checkbox").check();
  const before = lists;
  await run.ok("web-01").end().send(collector);
  await expect(row).toContainText("Success");
  await expect.poll(() => lists).toBeGreaterThan(before);
  await expect(row).toContainText("Success");
  // Nobody works in the list any more, and nothing that runs is in it.
  await page.getByRole("heading", { level: 1 }).click();
  await expect(row).toHaveCount(0);
  await expect(page.getByText("1 run selected")).toBeVisible();
});

test("a run's pages follow it", async ({ page, collector }) => {
  const run = await new Run({ playbook: "followed.yml" }, 1)
    .play("web")
    .task("install")
    .begins("web-01")
    .send(collector);
  await page.goto(`runs/${run.id}`);
  await expect(page.getByText("Running").first()).toBeVisible();
  await run.failed("web-01", "the disk is full").end().send(collector);
  await expect(page.getByText("Failed").first()).toBeVisible();
  await expect(page.getByText("the disk is full").first()).toBeVisible();
});

test("the console follows the end until the reader scrolls up, then says how much is new", async ({
  page,
  collector,
}) => {
  const run = new Run({ playbook: "follow.yml" }, 1).play("web").task("talk");
  run.prints(Array.from({ length: 200 }, (_, at) => `line ${at + 1} of the first part\n`).join(""));
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText("line 200 of the first part")).toBeInViewport();
  await run.prints("the second part\n").send(collector);
  await expect(page.getByText("the second part")).toBeInViewport();
  const output = page.getByRole("region", { name: "Output" });
  await output.hover();
  await page.mouse.wheel(0, -400);
  await expect(page.getByText("the second part")).not.toBeInViewport();
  const seen = page.getByText("line 180 of the first part");
  await expect(seen).toBeInViewport();
  const before = await seen.boundingBox();
  await run.prints("the third part\nand more\n").send(collector);
  const more = page.getByRole("button", { name: "2 new lines" });
  await expect(more).toBeVisible();
  await expect.poll(() => seen.boundingBox()).toEqual(before);
  await more.click();
  await expect(page.getByText("and more")).toBeInViewport();
});

test("a live line keeps its element when its exact time and stream arrive, and when others follow", async ({
  page,
  collector,
}) => {
  const run = new Run({ playbook: "steady.yml" }, 1).play("web").task("talk").prints("the first line\n");
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  await page.getByLabel("Times", { exact: true }).selectOption("absolute");
  await expect(page.getByText("the first line")).toBeVisible();
  await run.after(3).event("output", { text: "printed to stderr\n", stream: "stderr" }).send(collector);
  const line = page.getByText("printed to stderr");
  await expect(line).toBeVisible();
  // Elements that are drawn anew are other elements, so this one notes whether it stays.
  const element = await line.elementHandle();
  // The stream says where it was printed a moment later.
  await expect(line).toHaveClass(/pbc-stderr/);
  await run.prints("the next line\n").send(collector);
  await expect(page.getByText("the next line")).toBeVisible();
  await run.end().send(collector);
  await expect(page.getByText("PLAY RECAP").first()).toBeVisible();
  expect(await element?.evaluate((node) => node.isConnected)).toBe(true);
});

test("a viewer that comes late sees every line from the first one on", async ({ page, collector }) => {
  const run = new Run({ playbook: "late.yml" }, 600).play("web").task("count");
  run.prints(Array.from({ length: 1_000 }, (_, at) => `step ${at + 1}\n`).join(""));
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText("step 1000", { exact: true })).toBeInViewport();
  await run.prints("step 1001\n").send(collector);
  await expect(page.getByText("step 1001", { exact: true })).toBeInViewport();
  await page.getByRole("region", { name: "Output" }).press("Home");
  await expect(page.getByText("step 1", { exact: true })).toBeInViewport();
});

test("a page that is open twice shows the same in both, and what one changes the other shows", async ({
  page,
  context,
  collector,
}) => {
  const run = await goodRun("twice.yml").send(collector);
  const other = await context.newPage();
  for (const one of [page, other]) {
    await one.goto(`${collector.url}/runs/${run.id}`);
    await expect(one.getByRole("heading", { level: 1 })).toContainText("twice.yml");
  }
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: /^Pin/ }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("the release");
  await page.getByRole("dialog").getByRole("button", { name: "Pin" }).click();
  for (const one of [page, other]) {
    await expect(one.getByText(/pinned/i).first()).toBeVisible();
  }
  // The theme is this browser's, in all its pages.
  await page.getByRole("button", { name: "Dark theme" }).click();
  await expect(other.locator("html")).toHaveClass(/pf-v6-theme-dark/);
});

test("a real playbook is watched from its first line to its end", async ({ page, collector }) => {
  test.slow();
  await page.goto("runs?playbook=gated.yml");
  await expect(page.getByText("No runs match these filters")).toBeVisible();
  const gate = join(collector.folder, `gate-${Date.now()}`);
  const ended = collector.ansible("gated.yml", { gate });
  const row = page.getByRole("row").filter({ hasText: "gated.yml" });
  await expect(row).toContainText("Running", { timeout: 30_000 });
  await row.getByRole("link", { name: "gated.yml" }).click();
  await page.getByRole("link", { name: "Console" }).click();
  await expect(page.getByText(/web-02 waits for the gate/).first()).toBeVisible();
  await expect(page.getByText(/TASK \[The gate\]/).first()).toBeVisible();
  await expect(page.getByText(/went through/)).toHaveCount(0);
  await writeFile(gate, "");
  await expect(page.getByText(/web-02 went through/).first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("PLAY RECAP").first()).toBeVisible();
  await expect(page.getByText("Success").first()).toBeVisible();
  expect(await ended).toBe(0);

  const { executions } = await collector.ask<ExecutionList>("GET", "/executions?playbook=gated.yml");
  expect(executions).toHaveLength(1);
  expect(executions[0]?.events?.complete).toBe(true);
});
