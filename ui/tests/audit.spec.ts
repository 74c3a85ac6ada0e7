import { readFile } from "node:fs/promises";
import { Collector } from "./harness/collector";
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
