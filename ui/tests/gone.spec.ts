import { failedRun, goodRun, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

test("a run that is deleted while it is looked at", async ({ page, collector }) => {
  const run = await failedRun("deleted.yml").send(collector);
  await page.goto(`runs/${run.id}`);
  await expect(page.getByText("nginx: configuration file test failed").first()).toBeVisible();
  await collector.ask("DELETE", `/executions/${run.id}`);
  await expect(page.getByText(/was deleted/).first()).toBeVisible();
  // The list does not show it any more, and its address says what happened.
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Runs" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "deleted.yml" })).toHaveCount(0);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText(/deleted|run not found/i).first()).toBeVisible();
});

test("a row disappears from the list when its run is deleted", async ({ page, collector }) => {
  const run = await goodRun("from-the-list.yml").send(collector);
  await page.goto("runs");
  const row = page.getByRole("row").filter({ hasText: "from-the-list.yml" });
  await expect(row).toBeVisible();
  await collector.ask("DELETE", `/executions/${run.id}`);
  await expect(row).toHaveCount(0);
});

test("a run that is redacted while it is looked at shows nothing of it any more", async ({
  page,
  collector,
}) => {
  const run = new Run({ playbook: "redacted.yml" })
    .play("web")
    .task("tell")
    .failed("web-01", "the password is hunter2");
  await run.end().send(collector);
  await page.goto(`runs/${run.id}`);
  await expect(page.getByText("hunter2").first()).toBeVisible();
  await collector.ask("POST", `/executions/${run.id}/redact`, { texts: ["hunter2"], note: "leaked" });
  await expect(page.getByText("hunter2")).toHaveCount(0);
  await expect(page.getByText(/redacted/).first()).toBeVisible();
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText(/^fatal: \[web-01\]/).first()).toBeVisible();
  await expect(page.getByText("hunter2")).toHaveCount(0);
});

test("an open console is read again when its run is redacted", async ({ page, collector }) => {
  const run = new Run({ playbook: "console-redacted.yml" }).play("web").task("tell").ok("web-01");
  await run.prints("the password is correct-horse\n").end().send(collector);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText("correct-horse").first()).toBeVisible();
  await collector.ask("POST", `/executions/${run.id}/redact`, { texts: ["correct-horse"] });
  await expect(page.getByText("correct-horse")).toHaveCount(0);
});

test.describe(() => {
  test.use({ isolated: true });

  test("results whose content retention removed say so", async ({ page, collector }) => {
    const run = await failedRun("old.yml", ["web-01"], 40 * 86_400).send(collector);
    await collector.ask("POST", "/executions/cleanup", { keep_payload_days: 30 });
    for (const tab of ["", "/console", "/results/2/web-01", "/tasks", "/matrix", "/timeline"]) {
      await page.goto(`runs/${run.id}${tab}`);
      await expect(page.getByText(/removed/).first(), tab).toBeVisible();
      await expect(page.getByText(/Could not show|Something went wrong/), tab).toHaveCount(0);
    }
  });

  test("a run that retention deletes while it is looked at", async ({ page, collector }) => {
    const run = await goodRun("pruned.yml", ["web-01"], 40 * 86_400).send(collector);
    await page.goto(`runs/${run.id}`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("pruned.yml");
    await collector.ask("POST", "/executions/cleanup", { retention_days: 30 });
    await expect(page.getByText(/was deleted/).first()).toBeVisible();
  });
});
