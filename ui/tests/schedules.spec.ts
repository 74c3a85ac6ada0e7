import type { Page } from "@playwright/test";
import type { Execution, Schedule } from "../src/api/types";
import { Collector } from "./harness/collector";
import { expect, logIn, test } from "./harness/test";

/** Fills the form as far as it must be filled. */
async function fill(page: Page, name: string): Promise<void> {
  await page.goto("schedules/-/new?playbook=release.yml&inventory=hosts.ini");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
}

async function pick(page: Page, line: string): Promise<void> {
  await page.getByLabel("How often").selectOption({ label: "A cron line" });
  await page.getByRole("textbox", { name: "Cron line" }).fill(line);
}

const create = (page: Page) => page.getByRole("button", { name: "Create the schedule" }).click();

test("a schedule is made from the form, starts a run, and the run leads back to it", async ({
  page,
  collector,
}) => {
  test.slow();
  await page.goto("schedules");
  await page.getByRole("link", { name: "New schedule" }).click();
  await expect(page).toHaveURL(/schedules\/-\/new/);
  await fill(page, "from-the-form");
  const preview = page.getByRole("region", { name: "Next ten times" });
  // By default every night, in the browser's own zone.
  await expect(preview.getByRole("listitem")).toHaveCount(10);
  await expect(preview.getByRole("listitem").first()).toContainText(/03:30 \+0[12]:00/);
  await pick(page, "61 * * * *");
  await expect(page.getByText(/is not understood/)).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Cron line" })).toHaveAttribute("aria-invalid", "true");
  await page.getByRole("textbox", { name: "Cron line" }).fill("* * * * * *");
  await expect(preview.getByRole("listitem")).toHaveCount(10);
  await create(page);

  await expect(page.getByRole("heading", { level: 1 })).toContainText("from-the-form");
  const row = page.getByRole("row").filter({ hasText: "Started" }).first();
  await expect(row).toBeVisible({ timeout: 30_000 });
  // Its further times come while the run goes on: they are left out, and the page says why.
  await expect(page.getByRole("row").filter({ hasText: "Last run not over" }).first()).toBeVisible({
    timeout: 30_000,
  });
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByLabel(/^Why/).fill("enough");
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText(/: enough$/)).toBeVisible();

  const { last_execution: id } = await collector.ask<Schedule>("GET", "/schedules/from-the-form");
  await collector.ask<Execution>("GET", `/executions/${id}?wait=final&timeout=60`);
  await page.goto(`runs/${id}`);
  await page.getByText("Started by the schedule").getByRole("link", { name: "from-the-form" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("from-the-form");
  await page.getByRole("link", { name: "All in the list of runs" }).click();
  await expect(page.getByRole("row").filter({ hasText: "release.yml" }).first()).toBeVisible();
});

test("a schedule is changed, paused, resumed and deleted; what the collector refuses is said at the field", async ({
  page,
  collector,
}) => {
  await fill(page, "a b");
  await create(page);
  await expect(page.getByRole("textbox", { name: "Name", exact: true })).toBeFocused();
  await expect(page.getByText(/It must have 1 to 100 letters/)).toBeVisible();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("changed");
  await page.getByRole("combobox", { name: /Time zone/ }).fill("Europe/Nowhere");
  await expect(page.getByText(/there is no time zone/i)).toBeVisible();
  await page.getByRole("combobox", { name: /Time zone/ }).fill("UTC");
  await page.getByRole("button", { name: "Secrets and keys" }).click();
  await page.getByRole("textbox", { name: "Secret with the vault password" }).fill("nowhere");
  await create(page);
  await expect(page.getByText(/The secret "nowhere" cannot be used/)).toBeVisible();
  await page.getByRole("textbox", { name: "Secret with the vault password" }).fill("");
  await create(page);
  await expect(page.getByText("Every day at 03:30 (30 3 * * *), UTC")).toBeVisible();

  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByLabel("How often").selectOption({ label: "Every week" });
  await page.getByRole("button", { name: "Runs that overlap, missed times, jitter" }).click();
  await page.getByRole("radio", { name: "Cancel the last run" }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Every Monday at 03:30", { exact: false })).toBeVisible();
  const changed = await collector.ask<Schedule>("GET", "/schedules/changed");
  expect(changed).toMatchObject({ cron: "30 3 * * mon", overlap: "cancel" });
  expect(changed.run).toEqual({ playbook: "release.yml", inventory: "hosts.ini" });

  for (const action of ["Pause", "Resume"]) {
    await page.getByRole("button", { name: action }).click();
    await page.getByRole("dialog").getByRole("button", { name: action }).click();
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }
  await expect(page.getByText("Active")).toBeVisible();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page).toHaveURL(/\/schedules$/);
  await expect(page.getByRole("link", { name: "changed" })).toHaveCount(0);
});

test("a paused schedule is run by hand, and the run says who asked for it", async ({ page, collector }) => {
  test.slow();
  const run = { playbook: "release.yml", inventory: "hosts.ini" };
  await collector.ask("POST", "/schedules", { name: "by-hand", cron: "@yearly", run });
  await collector.ask("POST", "/schedules/by-hand/pause", {});
  await page.goto("schedules/by-hand");
  await page.getByRole("button", { name: "Run now" }).click();
  await expect(page.getByText(/it stays paused/)).toBeVisible();
  await page.getByLabel(/^Why/).fill("CHG-9");
  await page.getByRole("dialog").getByRole("button", { name: "Run", exact: true }).click();
  await expect(page).toHaveURL(/runs\/[0-9a-f-]{36}\/console/);
  const { last_execution: id, paused } = await collector.ask<Schedule>("GET", "/schedules/by-hand");
  expect(page.url()).toContain(String(id));
  expect(paused).toBeDefined();
  await collector.ask<Execution>("GET", `/executions/${id}?wait=final&timeout=60`);
  await page.goto(`runs/${id}`);
  await expect(page.getByText("CHG-9").first()).toBeVisible();
  await page.getByText("Run by hand from the schedule").getByRole("link", { name: "by-hand" }).click();
  const row = page.getByRole("row").filter({ hasText: "Run by hand" });
  await expect(row).toContainText("Requested by");
});

test("the secrets that the configuration names are offered, and none is shown", async ({ page, context }) => {
  const secrets = '[launcher.secrets]\nsite = { env = "HOME" }\ndeploy_key = { file = "/nowhere" }';
  const collector = await Collector.start("", undefined, secrets);
  await logIn(context, collector.url, await collector.token("operator"));
  await page.goto(`${collector.url}/schedules/-/new?playbook=release.yml&inventory=hosts.ini`);
  await page.getByRole("button", { name: "Secrets and keys" }).click();
  const vault = page.getByRole("combobox", { name: "Secret with the vault password" });
  const offered = page.locator(`datalist#${await vault.getAttribute("list")} option`);
  expect(await offered.evaluateAll((all) => all.map((one) => one.getAttribute("value")))).toEqual([
    "deploy_key",
    "site",
  ]);
  await vault.fill("site");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("secretive");
  await create(page);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("secretive");

  await page.goto(`${collector.url}/launch?playbook=release.yml&inventory=hosts.ini`);
  await page.getByRole("button", { name: "Vault password, private key, secrets" }).click();
  await expect(page.getByRole("combobox", { name: "Secret with the vault password" })).toBeVisible();
  await expect(page.locator('datalist option[value="site"]')).toHaveCount(1);
  await collector.close();
});

test.describe("with a token that only reads", () => {
  test.use({ as: "reader" });

  test("schedules are seen, without values, and nothing is offered", async ({ page, collector }) => {
    await collector.ask("POST", "/schedules", {
      name: "seen",
      cron: "@yearly",
      run: { playbook: "release.yml", extra_vars: { release: "do-not-show" } },
    });
    await page.goto("schedules");
    await page.getByRole("link", { name: "seen" }).click();
    await expect(page.getByText("release", { exact: true })).toBeVisible();
    await expect(page.getByText(/do-not-show/)).toHaveCount(0);
    for (const name of ["New schedule", "Run now", "Edit", "Pause", "More actions", "Replay the last run"]) {
      await expect(page.getByRole("button", { name }).or(page.getByRole("link", { name }))).toHaveCount(0);
    }
  });
});
