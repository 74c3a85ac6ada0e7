/** The timeline: tasks and hosts over time. */
import { Run } from "./harness/producer";
import { expect, test } from "./harness/test";

test("idle time is drawn short, and said, so that the tasks around it can be read", async ({
  page,
  collector,
}) => {
  const run = new Run({ playbook: "idle.yml" }, 900).play("web").task("Before").after(60).ok("web-01");
  await run.after(600).task("Behind").after(60).ok("web-01").end().send(collector);
  await page.goto(`runs/${run.id}/timeline`);
  await expect(page.getByText("2 tasks in 12 min, with 1 idle stretch")).toBeVisible();
  await expect(page.getByText("10 min idle", { exact: true })).toBeVisible();
  // Of 12 minutes each task took one, which would be a twelfth of the width.
  const bars = page.getByTitle(/^1 min, from /);
  await expect(bars).toHaveCount(2);
  const shares = await bars.evaluateAll((found) =>
    found.map((bar) => bar.clientWidth / (bar.parentElement?.clientWidth ?? 0)),
  );
  for (const share of shares) {
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.5);
  }
  const tasks = page.getByRole("list", { name: "Tasks over time" }).getByRole("listitem");
  await expect(tasks.first()).toContainText("Before");
  await page.getByRole("button", { name: "Behind" }).click();
  await expect(tasks).toHaveCount(3);
  await expect(tasks.last().getByRole("link", { name: "web-01" })).toBeVisible();
});

test("tasks without a long pause are drawn as they were", async ({ page, collector }) => {
  const run = new Run({ playbook: "busy.yml" }, 900).play("web").task("Before").after(60).ok("web-01");
  await run.after(20).task("Behind").after(60).ok("web-01").end().send(collector);
  await page.goto(`runs/${run.id}/timeline`);
  await expect(page.getByText("2 tasks in 2 min 20 s", { exact: true })).toBeVisible();
  await expect(page.getByText(/idle/)).toHaveCount(0);
});
