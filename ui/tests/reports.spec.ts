/** Reports and costs, on a collector with prices: what somebody reads of a week, and who gets it every Monday. */
import { Collector } from "./harness/collector";
import { expectAccessible } from "./harness/look";
import { failedRun, goodRun, Run } from "./harness/producer";
import { test as base, expect } from "./harness/test";

/** A minute of the controller costs 6 EUR; a CPU second has a price, and no run tells its CPU time but one. */
const PRICES = [
  `cost = { currency = "EUR", prices = [{ controller_minute = "6", cpu_second = "0.5" }], budgets = [`,
  `{ name = "production", period = "month", amount = "5" } ] }`,
].join("");

const test = base.extend<{ expensive: Run }, { priced: { collector: Collector; expensive: Run } }>({
  priced: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern.
    async ({}, use) => {
      const collector = await Collector.start(PRICES);
      const started = { playbook: "site.yml", inventory: "prod", labels: ["nightly"] };
      const expensive = new Run(started, 300)
        .play("Web servers")
        .task("Install nginx")
        .ok("web-01")
        .after(61);
      await expensive.event("usage", { user_s: 3, system_s: 1, peak_bytes: 1 }).end().send(collector);
      await failedRun("site.yml", ["web-01", "web-02"], 120).send(collector);
      await goodRun("backup.yml", ["web-01"], 100).send(collector);
      await use({ collector, expensive });
      await collector.close();
    },
    { scope: "worker" },
  ],
  collector: async ({ priced }, use) => use(priced.collector),
  expensive: async ({ priced }, use) => use(priced.expensive),
});

test("a report of the last days is made, read and downloaded", async ({ page }) => {
  await page.goto("reports");
  await page.getByLabel("Period").selectOption("day");
  await page.getByRole("button", { name: "Make a report now" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("The last day");
  const figures = page.getByRole("grid", { name: "Runs" });
  await expect(figures.getByRole("row", { name: /^Runs/ })).toContainText("3");
  await expect(figures.getByRole("row", { name: /^Cost/ })).toContainText("at least 8.");
  await expect(page.getByText("nginx: configuration file test failed")).toBeVisible();
  await expect(page.getByText("1 different error, of which 1 never occurred before.")).toBeVisible();
  await expect(page.getByRole("row", { name: /production/ })).toContainText("exceeded");
  await expectAccessible(page, "report");
  // What the address says is what is made again.
  await page.reload();
  await expect(figures.getByRole("row", { name: /^Failed/ })).toContainText("1");
  await page.getByRole("button", { name: "Download" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "As HTML" }).click();
  expect(await (await download).failure()).toBeNull();
});

test("a schedule is created, makes a report that opens, is paused and deleted", async ({
  page,
  collector,
}) => {
  await page.goto("reports");
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("often");
  await dialog.getByLabel(/^When/).fill("* * * * * *");
  await expectAccessible(page, "reports-dialog");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toHaveCount(0);
  await expect
    .poll(async () => (await collector.ask<{ reports: unknown[] }>("GET", "/reports")).reports.length)
    .toBeGreaterThan(0);
  await page.getByRole("button", { name: "Actions for often" }).click();
  await page.getByRole("menuitem", { name: "Pause" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await expect(page.getByRole("grid", { name: "Schedules" })).toContainText("paused");
  await page.reload();
  const made = page.getByRole("grid", { name: "Reports" });
  await expect(made.getByRole("row", { name: /often/ }).first()).toContainText("week");
  await expectAccessible(page, "reports");
  await made.getByRole("row", { name: /often/ }).first().getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("often");
  await expect(page.getByText(/there were 3 runs, of which 1 had failed/)).toBeVisible();
  await expect(page.getByText("nginx: configuration file test failed")).toBeVisible();
  await expectAccessible(page, "report-stored");

  await page.goto("reports");
  await page.getByRole("button", { name: "Actions for often" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("button", { name: "Actions for often" })).toHaveCount(0);
  await expect(made.getByRole("row", { name: /often/ }).first()).toBeVisible();
});

test("what cannot be scheduled is said in the dialog", async ({ page, collector }) => {
  const times = { cron: "@yearly", zone: "UTC", period: "month" };
  const taken = { ...times, formats: ["html"], destinations: [], paused: true };
  await collector.ask("PUT", "/report-schedules/taken", taken);
  await page.goto("reports");
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("wrong");
  await dialog.getByLabel(/^When/).fill("0 7 * *");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText(/Cron: "0 7 \* \*" is not understood/)).toBeVisible();
  // A new one does not take the place of another.
  await dialog.getByLabel(/^When/).fill("@daily");
  await dialog.getByLabel("Name").fill("taken");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText(/named "taken" exists already/)).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).first().click();

  // And what was deleted meanwhile does not come back.
  await page.getByRole("button", { name: "Actions for taken" }).click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  await collector.ask("DELETE", "/report-schedules/taken");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText(/no schedule of reports named "taken" to change/)).toBeVisible();
});

test("what a run cost is told by its page, by the list and by trends", async ({ page, expensive }) => {
  await page.goto(`runs/${expensive.id}`);
  await expect(page.getByText(/^8\.\d\d EUR \(processor 2\.00, controller 6\.\d\d\)$/)).toBeVisible();
  await page.goto("runs");
  // The switch is drawn over its checkbox.
  await page.locator('label[for="runs-cost"]').click();
  await expect(page.getByLabel("Cost")).toBeChecked();
  await expect(page.getByRole("row", { name: /backup\.yml/ })).toContainText("unknown");
  await expect(page.getByRole("row", { name: /8\.\d\d EUR/ })).toContainText("site.yml");
  await expectAccessible(page, "runs-cost");
  await page.goto("trends");
  const costs = page.getByRole("region", { name: "Cost" });
  await expect(costs).toContainText("The cost of 2 of them is not fully known.");
  await expect(costs.getByRole("row", { name: /site\.yml/ })).toContainText("1 run");
  for (const [by, row] of [
    ["Label", /nightly/],
    ["User", /ann/],
    ["Host", /web-01/],
    ["Period", /EUR/],
  ] as const) {
    await costs.getByRole("button", { name: by, exact: true }).click();
    await expect(costs.getByRole("row", { name: row }).first()).toBeVisible();
  }
  await expectAccessible(page, "trends-cost");
});

test.describe(() => {
  test.use({ as: "reader" });

  test("who only reads changes no schedule", async ({ page }) => {
    await page.goto("reports");
    await expect(page.getByRole("heading", { name: "Schedules", exact: true })).toBeVisible();
    await expect(page.getByRole("button", { name: "New schedule" })).toHaveCount(0);
  });
});
