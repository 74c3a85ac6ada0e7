/**
 * What somebody wants to know who has read no manual: each is answered within three clicks of the bare address, in a browser that has
 * never been here, on runs of real playbooks.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { Collector } from "./harness/collector";
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

/** Counts the clicks of a person. */
class Person {
  clicks = 0;

  constructor(readonly page: Page) {}

  async clicksOn(target: Locator): Promise<void> {
    await target.click();
    this.clicks += 1;
  }
}

const test = base.extend<{ person: Person }, { recorded: Collector }>({
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
  person: async ({ page }, use) => {
    const person = new Person(page);
    await page.goto("");
    await use(person);
    expect(person.clicks, "clicks from the bare address to the answer").toBeLessThanOrEqual(3);
  },
});

// The runs are recorded once for all questions.
test.describe.configure({ mode: "default" });

const rows = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });

/** The way to the failed run: it is on the first page. */
async function openFailed(person: Person): Promise<void> {
  const failed = rows(person.page, "release.yml").filter({ hasText: "Failed" });
  await person.clicksOn(failed.getByRole("link", { name: "release.yml" }));
}

test("which runs failed today?", async ({ person, page }) => {
  await person.clicksOn(page.getByRole("button", { name: "Views" }));
  await person.clicksOn(page.getByRole("menuitem", { name: "Failed today" }));
  await expect(rows(page, "release.yml")).toHaveCount(1);
  await expect(rows(page, "configure.yml")).toHaveCount(0);
  await expect(rows(page, "release.yml")).toContainText("Failed");
});

test("why did it fail, and on which hosts?", async ({ person, page }) => {
  await openFailed(person);
  const failure = page.getByRole("article").filter({ hasText: "version 2.0 does not start on web-02" });
  await expect(failure).toContainText("failed on 1 host");
  await expect(failure).toContainText("Switch to the new version");
  await expect(failure.getByRole("link", { name: "web-02", exact: true })).toBeVisible();
});

test("since when does it fail?", async ({ person, page }) => {
  await openFailed(person);
  const failure = page.getByRole("article");
  await expect(failure).toContainText("for the first time");
  // When it last worked, with the way to that run.
  await expect(failure.getByText("Last worked").locator("..").locator("time")).toBeVisible();
});

test("what is different from the last good run?", async ({ person, page }) => {
  await openFailed(person);
  await person.clicksOn(page.getByRole("link", { name: "Compare", exact: true }));
  await expect(page).toHaveURL(/\/compare\//);
  const main = page.getByRole("main");
  await expect(main).toContainText("Switch to the new version");
  await expect(main).toContainText("web-02");
  await expect(main).toContainText("version 2.0 does not start on web-02");
});

test("what did it print there?", async ({ person, page }) => {
  await openFailed(person);
  const link = page.getByRole("link", { name: "Lines in the console" });
  await expect(link).toHaveAttribute("href", /#L\d+/);
  await person.clicksOn(link);
  await expect(page.getByText(/^fatal: \[web-02\]: FAILED!/)).toBeInViewport();
});

test("what runs now, and what does it wait for?", async ({ page, collector }) => {
  const gate = join(collector.folder, "gate");
  const ended = collector.ansible("gated.yml", { gate });
  const person = new Person(page);
  await page.goto("");
  const row = rows(page, "gated.yml").filter({ hasText: "Running" });
  await expect(row).toBeVisible({ timeout: 30_000 });
  await person.clicksOn(row.getByRole("link", { name: "gated.yml" }));
  await expect(page.getByRole("heading", { name: /Running now: The gate/ })).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "web-01" })).toContainText("The gate");
  expect(person.clicks).toBeLessThanOrEqual(3);
  await writeFile(gate, "");
  expect(await ended).toBe(0);
});

test("what changed on a host in the last week?", async ({ person, page }) => {
  await person.clicksOn(page.getByRole("link", { name: "Hosts", exact: true }));
  await person.clicksOn(page.getByRole("link", { name: "web-01", exact: true }));
  await person.clicksOn(page.getByRole("tab", { name: "Changes" }));
  const changes = page.getByRole("row").filter({ hasText: "Raise the number of workers" });
  await expect(changes).toHaveCount(2);
  await expect(changes.first().locator("time")).toBeVisible();
});
