import { readFile } from "node:fs/promises";
import { Collector } from "./harness/collector";
import { failedRun } from "./harness/producer";
import { expect, logIn, test } from "./harness/test";

test("the entries that the filters find are exported, and lead to what they are about", async ({
  page,
  collector,
}) => {
  const run = { playbook: "release.yml" };
  await collector.ask("POST", "/schedules", { name: "audited", cron: "@yearly", run });
  await collector.ask("POST", "/schedules/audited/pause", { note: "for the trail" });
  await page.goto("audit?object=schedule:audited&action=pause_schedule");
  await expect(page.getByRole("row").filter({ hasText: "for the trail" })).toBeVisible();
  await page.getByRole("button", { name: "Export" }).click();
  const loading = page.waitForEvent("download");
  await page.getByRole("menuitem", { name: "Entries as CSV" }).click();
  const file = await loading;
  expect(file.suggestedFilename()).toBe("audit.csv");
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("for the trail");
  await page
    .getByRole("row")
    .filter({ hasText: "for the trail" })
    .getByRole("link", { name: "audited" })
    .click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("audited");
});

test("how long entries are kept is said by the audit page and the settings", async ({ page, context }) => {
  const kept = await Collector.start("audit_keep_days = 730");
  await logIn(context, kept.url, await kept.token("admin"));
  for (const path of ["audit", "settings"]) {
    await page.goto(`${kept.url}/${path}`);
    await expect(page.getByText(/the audit trail are kept for 730 days/)).toBeVisible();
  }
  await kept.close();
});

test("what only an admin may do: tokens, retention, pins, redaction, deletion, and the trail that tells of it", async ({
  page,
  collector,
}) => {
  test.slow();
  const [, , newest] = await Promise.all(
    [300, 200, 100].map((secondsAgo) => failedRun("admins.yml", ["web-01"], secondsAgo).send(collector)),
  );
  const dialog = page.getByRole("dialog");

  await page.goto("settings");
  await page.getByRole("textbox", { name: "Name of a new token" }).fill("journey");
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByText("journey was created.")).toBeVisible();
  await expect(page.getByRole("textbox", { name: "The new token" })).toHaveValue(/^\S{20,}$/);
  await page.getByRole("button", { name: "Revoke journey" }).click();
  await dialog.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByRole("button", { name: "Revoke journey" })).toHaveCount(0);

  await page.getByRole("radio", { name: /^Limits for this time/ }).check();
  await page.getByLabel("Keep the newest runs").fill("1");
  await page.getByLabel("Only runs of this playbook").fill("admins.yml");
  await page.getByRole("button", { name: "Show what would be deleted" }).click();
  await expect(page.getByText(/2 runs would be deleted/)).toBeVisible();

  await page.goto(`runs/${newest?.id}`);
  const pick = async (action: RegExp) => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: action }).click();
    await expect(dialog).toBeVisible();
  };
  await pick(/^Pin/);
  await dialog.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(page.getByText(/^pinned by/)).toBeVisible();
  await pick(/^Unpin/);
  await dialog.getByRole("button", { name: "Unpin", exact: true }).click();
  await expect(page.getByText(/^pinned by/)).toHaveCount(0);
  await expect(page.getByText("nginx: configuration file test failed").first()).toBeVisible();
  await pick(/^Redact/);
  await dialog.getByRole("textbox", { name: "Texts, one a line" }).fill("configuration file test failed");
  await dialog.getByRole("button", { name: "Redact for good" }).click();
  await expect(page.getByText(/\d values? and \d printed lines? were redacted/)).toBeVisible();
  await expect(page.getByText("nginx: configuration file test failed")).toHaveCount(0);

  await page.goto("runs?playbook=admins.yml");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save this view …" }).click();
  await dialog.getByLabel("Name").fill("Mine");
  await dialog.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("button", { name: "Mine" })).toBeVisible();
  await page.goto("runs");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Mine" }).click();
  await expect(page).toHaveURL(/playbook=admins\.yml/);

  await page.getByRole("checkbox", { name: "Select all runs of this page" }).check();
  const selection = page.getByRole("region", { name: "Selected runs" });
  await expect(selection).toContainText("3 runs selected");
  await selection.getByRole("button", { name: "Delete" }).click();
  await dialog.getByLabel(/^Why/).fill("the end of the journey");
  await dialog.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByText("No runs match these filters")).toBeVisible();

  await page.goto("audit");
  await page.getByRole("button", { name: "Verify the trail" }).click();
  await expect(page.getByText(/All [\d,]+ entries fit together/)).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "the end of the journey" }).first()).toBeVisible();
});
