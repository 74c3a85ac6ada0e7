/** Hosts over all runs: which were not seen for long, and the groups that a host belonged to. */
import { goodRun, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

const DAY = 86_400;

test("hosts that no run has started on for long are found", async ({ page, collector }) => {
  await goodRun("unseen.yml", ["unseen-old", "unseen-new"], 10 * DAY).send(collector);
  await goodRun("unseen.yml", ["unseen-new"], 75).send(collector);
  await page.goto("hosts?name=unseen-");
  const old = page.getByRole("row").filter({ hasText: "unseen-old" });
  const recent = page.getByRole("row").filter({ hasText: "unseen-new" });
  await expect(old).toContainText("last week");
  await expect(recent).toContainText("1 minute ago");
  const unseen = page.getByLabel("Not seen for");
  await unseen.selectOption("Not seen for 7 days");
  await expect(recent).toHaveCount(0);
  await expect(old).toBeVisible();
  await expect(page).toHaveURL(/unseen=7d/);
  await unseen.selectOption("Not seen for 30 days");
  await expect(page.getByText("No hosts match these filters")).toBeVisible();
  await unseen.selectOption("Seen at any time");
  await expect(old).toBeVisible();
  await expect(recent).toBeVisible();
});

test("a host's page tells its groups, and which it joined and left", async ({ page, collector }) => {
  const host = "grouped-01";
  const look = (secondsAgo: number, ...groups: string[]) =>
    new Run({ playbook: "grouped.yml" }, secondsAgo).play("all").task("look").begins(host, groups).ok(host);
  await look(2 * DAY, "prod", "web").end().send(collector);
  await look(DAY, "prod", "web").end().send(collector);
  await look(60, "db", "prod").end().send(collector);
  await page.goto(`hosts/${host}`);
  const labels = page.getByRole("list", { name: "Groups", exact: true }).getByRole("listitem");
  await expect(labels).toHaveText(["db", "prod"]);
  await page.getByRole("tab", { name: "Groups" }).click();
  // The head of the table, and a row for each change, the newest first.
  const rows = page.getByRole("grid", { name: `Groups of ${host}` }).getByRole("row");
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1)).toContainText("joined db; left web");
  await expect(rows.nth(1)).toContainText("db, prod");
  await expect(rows.nth(2)).toContainText("first known");
  await expect(rows.nth(2)).toContainText("prod, web");
});
