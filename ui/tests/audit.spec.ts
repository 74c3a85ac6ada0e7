import { readFile } from "node:fs/promises";
import { expect, test } from "./harness/test";

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
