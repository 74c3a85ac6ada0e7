/** Hosts over all runs: which were not seen for long, what changed a host, and the groups that it belonged to. */
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
  await look(2 * DAY, "prod", "web")
    .end()
    .send(collector);
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

test("what changed a host lately is counted by task, and listed one by one", async ({ page, collector }) => {
  const host = "changed-01";
  const change = (secondsAgo: number, ...tasks: string[]) => {
    const run = new Run({ playbook: "changing.yml" }, secondsAgo).play("all");
    for (const task of tasks) {
      run.task(task).changed(host);
    }
    return run.end().send(collector);
  };
  await change(40 * DAY, "Replace the certificate");
  await change(3 * DAY, "Install nginx", "Write the configuration");
  const last = await change(2 * DAY, "Write the configuration");
  await page.goto(`hosts/${host}`);
  await page.getByRole("tab", { name: "Changes" }).click();
  // The head of the table, and a row for each task, the one of the last change first.
  const tasks = page.getByRole("grid", { name: `Changes of ${host} by task` }).getByRole("row");
  await expect(tasks).toHaveCount(3);
  await expect(page.getByText("3 changes in the last 7 days, by 2 tasks.")).toBeVisible();
  const written = tasks.nth(1);
  await expect(written).toContainText("Write the configuration");
  await expect(written.locator("td[data-label=Changes]")).toHaveText("2");
  await expect(written.getByRole("link", { name: "Result of Write the configuration" })).toHaveAttribute(
    "href",
    new RegExp(`/runs/${last.id}/results/1/${host}$`),
  );

  const nothing = page.getByText("No task changed this host in the last 24 hours");
  await page.getByLabel("Period").selectOption("Last 24 hours");
  await expect(nothing).toBeVisible();
  await expect(page).toHaveURL(/period=24h/);
  await page.reload();
  await expect(nothing).toBeVisible();
  await page.getByRole("button", { name: "Show all time" }).click();
  await expect(tasks).toHaveCount(4);
  await expect(page).toHaveURL(/period=all/);

  await page.getByRole("button", { name: "One by one" }).click();
  const changes = page.getByRole("grid", { name: `Changes of ${host}`, exact: true }).getByRole("row");
  await expect(changes).toHaveCount(5);
  await changes.nth(1).getByRole("link", { name: "Result of Write the configuration" }).click();
  await expect(page).toHaveURL(new RegExp(`/runs/${last.id}/results/1/${host}`));
  await page.goBack();
  await expect(changes).toHaveCount(5);
  await page.getByLabel("Period").selectOption("Last 7 days");
  await expect(changes).toHaveCount(4);
});

test("of very many changes the newest are counted, and older ones on the next page", async ({
  page,
  collector,
}) => {
  const host = "often-changed-01";
  const run = new Run({ playbook: "rotating.yml" }, 3_600).play("all").task("Rotate the logs");
  for (let change = 0; change < 1_005; change += 1) {
    run.changed(host);
  }
  await run.end().send(collector);
  await page.goto(`hosts/${host}?tab=changes`);
  await expect(page.getByText("The newest 1,000 changes in the last 7 days, by 1 task.")).toBeVisible();
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(page.getByText("5 older changes in the last 7 days, by 1 task.")).toBeVisible();
  await page.goBack();
  await expect(page.getByText("The newest 1,000 changes in the last 7 days, by 1 task.")).toBeVisible();
});
