import { readFile } from "node:fs/promises";
import type { Locator } from "@playwright/test";
import { failedRun, goodRun, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

test("filters are in the address: Back, Forward and Reload keep what was seen", async ({
  page,
  collector,
}) => {
  await goodRun("kept.yml").send(collector);
  await failedRun("kept.yml").send(collector);
  await page.goto("runs?playbook=kept.yml");
  const rows = page.getByRole("row").filter({ hasText: "kept.yml" });
  await expect(rows).toHaveCount(2);
  await page.getByRole("button", { name: "Failed", exact: true }).click();
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(/status=failed/);
  await rows.getByRole("link", { name: "kept.yml" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("kept.yml");
  await page.getByRole("link", { name: "Tasks" }).click();
  await expect(page).toHaveURL(/\/tasks/);

  await page.goBack();
  await page.goBack();
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(/playbook=kept\.yml/);
  await page.reload();
  await expect(rows).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Failed", exact: true })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await page.goBack();
  await expect(rows).toHaveCount(2);
  await page.goForward();
  await page.goForward();
  await page.goForward();
  await expect(page).toHaveURL(/\/tasks/);
  await page.reload();
  await expect(page).toHaveURL(/\/tasks/);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("kept.yml");
});

test("another order is shown at once, though the pointer is on the list", async ({ page, collector }) => {
  const lasting = (playbook: string, seconds: number, secondsAgo: number) =>
    new Run({ playbook }, secondsAgo).play("web").task("wait").ok("web-01").after(seconds).end();
  await lasting("order-long.yml", 300, 900).send(collector);
  await lasting("order-short.yml", 1, 100).send(collector);
  await page.goto(`runs?q=${encodeURIComponent("playbook:order-*")}`);
  const rows = page.getByRole("row").filter({ hasText: "order-" });
  const byDuration = page.getByRole("columnheader", { name: "Duration" }).getByRole("button");
  await expect(rows).toHaveText([/order-short/, /order-long/]);
  await byDuration.click();
  await expect(rows).toHaveText([/order-long/, /order-short/]);
  await byDuration.click();
  await expect(rows).toHaveText([/order-short/, /order-long/]);
});

test("all runs of a page cannot be selected while they are still those of the list before", async ({
  page,
  collector,
}) => {
  await goodRun("all-of-it.yml").send(collector);
  await failedRun("all-of-it.yml").send(collector);
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  await page.route(/status=failed/, async (route) => {
    await gate;
    await route.continue();
  });
  await page.goto("runs?playbook=all-of-it.yml");
  const rows = page.getByRole("row").filter({ hasText: "all-of-it.yml" });
  const all = page.getByRole("checkbox", { name: "Select all runs of this page" });
  await expect(rows).toHaveCount(2);
  await page.getByRole("button", { name: "Failed", exact: true }).click();
  await expect(page).toHaveURL(/status=failed/);
  await expect(all).toBeDisabled();
  // The pointer is on the old list when the new one comes.
  await rows.first().hover();
  open();
  await expect(rows).toHaveCount(1);
  await all.check();
  await expect(page.getByRole("region", { name: "Selected runs" })).toContainText("1 run selected");
});

test("a list has the runs with a line like that, and exports them", async ({ page, collector }) => {
  await failedRun("by-line-1.yml").send(collector);
  await goodRun("by-line-2.yml").send(collector);
  await page.goto("runs");
  const query = page.getByRole("combobox", { name: "Query" });
  await query.fill('playbook:by-line-* task:"Start nginx" /configuration file .* failed/');
  await query.press("Enter");
  const rows = page.getByRole("row").filter({ hasText: "by-line-" });
  await expect(rows).toHaveText([/by-line-1/]);
  await page.getByRole("button", { name: "Export" }).click();
  const loading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Runs as CSV", exact: true }).click();
  const lines = (await readFile(await (await loading).path(), "utf8")).trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("by-line-1.yml");
  // Reading the lines of many runs takes longer than a page waits.
  const early = { executions: [], next_cursor: "1.2", searched_back_to: "2026-01-20T10:00:00Z" };
  await page.route(/executions\?.*nowhere/, (route) =>
    route.request().url().includes("cursor=") ? route.continue() : route.fulfill({ json: early }),
  );
  await query.fill("in:* nowhere");
  await query.press("Enter");
  await expect(page.getByText("No runs found yet")).toBeVisible();
  await expect(page.getByText(/^Runs since .* were searched/)).toBeVisible();
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(page.getByText("No runs match these filters")).toBeVisible();
  await page.goBack();
  await page.goBack();
  await expect(rows).toHaveCount(1);
  // Such a list has one order, also if another one was chosen before.
  const byDuration = page.getByRole("columnheader", { name: "Duration" }).getByRole("button");
  await expect(byDuration).toHaveCount(0);
  await page.goto("runs?sort=duration&q=playbook:by-line-*");
  await expect(rows).toHaveCount(2);
  await expect(byDuration).toBeVisible();
  await query.fill("playbook:by-line-* task:*");
  await query.press("Enter");
  await expect(byDuration).toHaveCount(0);
  await expect(rows).toHaveCount(2);
});

test("a line's link opens the console at that line, and Reload stays there", async ({ page, collector }) => {
  const run = new Run({ playbook: "lines.yml" }).play("web").task("talk");
  run.prints(Array.from({ length: 3_000 }, (_, at) => `number ${at + 1}.\n`).join("")).end();
  await run.send(collector);
  const seen = page.getByText("number 1500.", { exact: true });
  // Two lines for the play, two for the task.
  await page.goto(`runs/${run.id}/console#L1504`);
  await expect(seen).toBeInViewport();
  await page.reload();
  await expect(seen).toBeInViewport();
  await page.goto(`runs/${run.id}`);
  await page.goBack();
  await expect(seen).toBeInViewport();
});

/** Whether any of these is where somebody sees it. */
function isAnyInViewport(found: Locator): Promise<boolean> {
  return found.evaluateAll((elements) =>
    elements.some((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return top >= 0 && bottom <= window.innerHeight;
    }),
  );
}

test("what is searched for in the console is found, counted, and kept in the address", async ({
  page,
  collector,
}) => {
  const run = new Run({ playbook: "find.yml" }).play("web").task("talk");
  run
    .prints(
      Array.from({ length: 2_000 }, (_, at) => (at % 500 === 7 ? `needle ${at}\n` : `hay ${at}\n`)).join(""),
    )
    .end();
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText("hay 0", { exact: true })).toBeVisible();
  await page.keyboard.press("Control+f");
  const field = page
    .getByRole("searchbox")
    .or(page.getByRole("textbox", { name: /search|find/i }))
    .first();
  await expect(field).toBeFocused();
  await field.fill("needle");
  await expect(page.getByText(/of 4\b/).first()).toBeVisible();
  await field.press("Enter");
  await expect(page.getByText(/^[1-4] of 4\b/).first()).toBeVisible();
  await expect.poll(() => isAnyInViewport(page.getByText(/^needle \d+$/))).toBe(true);
  await expect(page).toHaveURL(/needle/);
  await page.reload();
  await expect(page.getByText(/of 4\b/).first()).toBeVisible();
});

test("the compared runs, a chosen host and a search are links that can be sent", async ({
  page,
  collector,
}) => {
  const good = await goodRun("sent.yml", ["sent-01", "sent-02"], 600).send(collector);
  const bad = await failedRun("sent.yml", ["sent-01", "sent-02"], 60).send(collector);
  await page.goto(`runs/${bad.id}`);
  await page.getByRole("link", { name: "Compare", exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/compare/${bad.id}|/compare/${good.id}`));
  await expect(page.getByText("Start nginx").first()).toBeVisible();
  await page.reload();
  await expect(page.getByText("Start nginx").first()).toBeVisible();

  await page.goto("runs?q=configuration+playbook%3Asent.yml");
  await page.getByRole("link", { name: "Search in what was printed" }).click();
  await expect(page).toHaveURL(/search\?q=configuration\+playbook%3Asent.yml/);
  await expect(page.getByText(/configuration file test failed/).first()).toBeVisible();
  await page
    .getByRole("link", { name: /Line \d+ in the console/ })
    .first()
    .click();
  await expect(page).toHaveURL(new RegExp(`${bad.id}/console#L\\d+`));
  await expect(page.getByText(/^fatal: \[sent-02\]: FAILED!/)).toBeInViewport();
});

test("times are in the chosen zone, with UTC on hover, and a wrong clock is no trouble", async ({
  page,
  collector,
}) => {
  const run = await goodRun("zones.yml", undefined, 5).send(collector);
  // This browser believes that it is an hour earlier: the run started in its future.
  await page.clock.install({ time: Date.now() - 3_600_000 });
  await page.goto("runs?playbook=zones.yml");
  const row = page.getByRole("row").filter({ hasText: "zones.yml" });
  await expect(row).toBeVisible();
  await expect(row).not.toContainText(/NaN|Invalid| -\d/);
  const record = await collector.ask<{ start_time: string }>("GET", `/executions/${run.id}`);
  const start = new Date(record.start_time);
  const local = new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium", timeZone: "Europe/Berlin" }).format(
    start,
  );
  const utc = new Intl.DateTimeFormat("sv-SE", { timeStyle: "medium", timeZone: "UTC" }).format(start);
  const time = row.locator("time").first();
  await expect(time).toContainText(local);
  await expect(time).toHaveAttribute("title", new RegExp(`${utc} UTC`));
  await page.getByRole("button", { name: "UTC" }).click();
  await expect(time).toContainText(utc);
  await page.reload();
  await expect(row.locator("time").first()).toContainText(utc);
});

test("what is compared, shown of a matrix, found of facts and narrowed by a facet is in the address", async ({
  page,
  collector,
}) => {
  const hosts = ["narrow-01", "narrow-02"];
  const older = await goodRun("narrowed.yml", hosts, 900).send(collector);
  const good = await goodRun("narrowed.yml", hosts, 600).send(collector);
  const gathered = new Run({ playbook: "gathered.yml" }).play("all").task("Gather", { action: "setup" });
  const facts = { ansible_kernel: "6.1", ansible_arch: "x" };
  gathered.event("facts", { task: 1, host: "narrow-01", facts });
  await gathered.ok("narrow-01").end().send(collector);
  const bad = await failedRun("narrowed.yml", hosts, 60).send(collector);

  await page.goto(`compare/${good.id}/${bad.id}`);
  await page.getByRole("link", { name: "Swap" }).click();
  await expect(page).toHaveURL(new RegExp(`/compare/${bad.id}/${good.id}`));
  await expect(page.getByRole("region", { name: "Before", exact: true })).toContainText("Failed");
  await page.goBack();
  await expect(page.getByRole("region", { name: "Now", exact: true })).toContainText("Failed");
  const choose = page.getByRole("button", { name: "Compare with …" });
  await choose.click();
  await page.getByRole("menuitem", { name: /^The previous run/ }).click();
  await expect(page).toHaveURL(new RegExp(`/compare/${bad.id}\\?with=previous`));
  await expect(page.getByText("Start nginx").first()).toBeVisible();
  await choose.click();
  await page.getByRole("menuitem", { name: new RegExp(older.id.slice(-6)) }).click();
  await expect(page).toHaveURL(new RegExp(`/compare/${older.id}/${bad.id}`));

  await page.goto(`runs/${bad.id}/matrix?fold=false`);
  const grid = page.getByRole("grid");
  await expect(grid).toHaveAttribute("aria-rowcount", "3");
  await page.getByRole("button", { name: "Only failed" }).click();
  await expect(grid).toHaveAttribute("aria-rowcount", "2");
  await page.getByRole("button", { name: "Overview" }).click();
  await page.getByLabel("Host name", { exact: true }).fill("narrow-01");
  await expect(page.getByText("No results match these filters.")).toBeVisible();
  await expect(page).toHaveURL(/show=failed/);
  await expect(page).toHaveURL(/zoom=overview/);

  await page.goto("hosts/narrow-01?tab=facts");
  await page.getByLabel("Find facts", { exact: true }).fill("kernel");
  await expect(page.getByText(/^1 fact of 2/)).toBeVisible();
  await expect(page).toHaveURL(/find=kernel/);

  await page.goto("trends?playbook=narrowed.yml");
  await page.getByRole("list", { name: "Runs over time" }).getByRole("link").last().click();
  await expect(page).toHaveURL(/\/runs\?.*start_date=/);
  await expect(page.getByRole("row").filter({ hasText: "narrowed.yml" }).first()).toBeVisible();

  await page.goto("search?q=configuration+host%3Anarrow-02");
  const facets = page.getByRole("navigation", { name: "Narrow the search" });
  await facets.getByRole("link", { name: "narrowed.yml" }).click();
  await expect(page).toHaveURL(/playbook/);
  await expect(facets.getByRole("link", { name: "narrowed.yml" })).toHaveAttribute("aria-current", "true");
  await expect(page.getByText(/configuration file test failed/).first()).toBeVisible();
});

test("a saved view takes the place of another one only if that is said", async ({ page, context }) => {
  const dialog = page.getByRole("dialog");
  const name = dialog.getByLabel("Name");
  const save = dialog.getByRole("button", { name: "Save", exact: true });
  const replace = dialog.getByRole("button", { name: "Replace", exact: true });
  const saving = async (query: string) => {
    await page.goto(`runs?${query}`);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("menuitem", { name: "Save this view …" }).click();
  };
  await saving("playbook=first.yml");
  await name.fill("Mine");
  await save.click();
  await expect(page.getByRole("button", { name: "Mine" })).toBeVisible();

  await saving("playbook=second.yml");
  await name.fill("All runs");
  await expect(dialog.getByText(/a view that is always there/)).toBeVisible();
  await expect(save).toBeDisabled();
  await name.fill("Mine");
  await expect(dialog.getByText(/You have a view of this name/)).toBeVisible();
  await expect(replace).toBeDisabled();
  await name.press("Enter");
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).first().click();
  await page.goto("runs?playbook=first.yml");
  await expect(page.getByRole("button", { name: "Mine" })).toBeVisible();

  await saving("playbook=second.yml");
  await name.fill("Mine");
  await dialog.getByRole("checkbox", { name: "Replace “Mine”" }).check();
  await replace.click();
  await expect(page.getByRole("button", { name: "Mine" })).toBeVisible();
  await page.goto("runs?playbook=first.yml");
  await expect(page.getByRole("button", { name: "Views" })).toBeVisible();

  // What another tab saves meanwhile is not lost either.
  await saving("playbook=third.yml");
  const other = await context.newPage();
  await other.goto("runs?playbook=fourth.yml");
  await other.getByRole("button", { name: "Views" }).click();
  await other.getByRole("menuitem", { name: "Save this view …" }).click();
  await other.getByRole("dialog").getByLabel("Name").fill("Theirs");
  await other.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await expect(other.getByRole("button", { name: "Theirs" })).toBeVisible();
  await name.fill("Theirs");
  await expect(dialog.getByText(/You have a view of this name/)).toBeVisible();
  await name.fill("Third");
  await save.click();
  await page.getByRole("button", { name: "Third" }).click();
  for (const view of ["Mine", "Theirs", "Third"]) {
    await expect(page.getByRole("menuitem", { name: view, exact: true })).toBeVisible();
  }
});
