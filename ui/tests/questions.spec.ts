/**
 * What somebody wants to know who has read no manual: each is answered within three clicks of the bare address, in a browser that has
 * never been here, on runs of real playbooks.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { Collector } from "./harness/collector";
import { MOST_CLICKS, QUESTIONS, type Question, RUNS_NOW, type Site, toFailedRun } from "./harness/journeys";
import { test as base, expect } from "./harness/test";

/** A release that worked and then failed on one host, and a change of a configuration. */
async function history(collector: Collector): Promise<void> {
  const folder = join(collector.folder, "configured");
  await mkdir(folder);
  expect(await collector.ansible("release.yml", { version: "1.9" })).toBe(0);
  expect(await collector.ansible("configure.yml", { folder, workers: "4" })).toBe(0);
  expect(await collector.ansible("configure.yml", { folder, workers: "8" })).toBe(0);
  expect(await collector.ansible("release.yml", { version: "2.0" })).toBe(2);
}

const SITE: Site = {
  failed: {
    playbook: "release.yml",
    task: "Switch to the new version",
    host: "web-02",
    message: "version 2.0 does not start on web-02",
  },
  running: { playbook: "gated.yml", task: "The gate", host: "web-01" },
  changed: { task: "Raise the number of workers", host: "web-01" },
};

const test = base.extend<object, { recorded: Collector }>({
  recorded: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern.
    async ({}, use) => {
      const collector = await Collector.start();
      await history(collector);
      await use(collector);
      await collector.close();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  collector: async ({ recorded }, use) => use(recorded),
});

// The runs are recorded once for all questions.
test.describe.configure({ mode: "default" });

/** Clicks from the bare address on, as often as a person may have to. */
async function clickThrough(page: Page, clicks: readonly Locator[]): Promise<void> {
  expect(clicks.length, "clicks from the bare address to the answer").toBeLessThanOrEqual(MOST_CLICKS);
  await page.goto("");
  for (const target of clicks) {
    await target.click();
  }
}

async function expectAnswered(page: Page, question: Question): Promise<void> {
  const { clicks, answer, gone = [] } = question.way(page, SITE);
  await clickThrough(page, clicks);
  for (const part of answer) {
    await expect(part).toBeVisible();
  }
  for (const part of gone) {
    await expect(part).toHaveCount(0);
  }
}

for (const question of QUESTIONS.filter((one) => one !== RUNS_NOW)) {
  test(question.words, async ({ page }) => {
    await expectAnswered(page, question);
  });
}

test(RUNS_NOW.words, async ({ page, collector }) => {
  const gate = join(collector.folder, "gate");
  const ended = collector.ansible("gated.yml", { gate });
  await expectAnswered(page, RUNS_NOW);
  await writeFile(gate, "");
  expect(await ended).toBe(0);
});

test("what did it print there?", async ({ page }) => {
  const toRun = toFailedRun(page, SITE);
  const lines = page.getByRole("link", { name: "Lines in the console" });
  await clickThrough(page, toRun);
  // The link knows the lines when they were found in the log.
  await expect(lines).toHaveAttribute("href", /#L\d+/);
  expect(toRun.length + 1).toBeLessThanOrEqual(MOST_CLICKS);
  await lines.click();
  await expect(page.getByText(/^fatal: \[web-02\]: FAILED!/)).toBeInViewport();
});
