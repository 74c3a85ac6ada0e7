/** A run that goes on: how long it still takes, what it waits for, and how it is ended. */
import { join } from "node:path";
import type { Execution } from "../src/api/types";
import { Run } from "./harness/producer";
import { expect, test } from "./harness/test";

test("how long a run still takes is estimated from earlier ones, beside what it waits for", async ({
  page,
  collector,
}) => {
  const playbook = "estimated.yml";
  // Took 1 min 40 s.
  const earlier = new Run({ playbook }, 3_600).play("web").task("Install").after(40).ok("web-01");
  await earlier.task("Restart").after(60).ok("web-01").end().send(collector);
  const going = new Run({ playbook }, 20).play("web").task("Install").begins("web-01").begins("web-02");
  await going.send(collector);
  const waits = (text: RegExp) => page.getByRole("listitem").filter({ hasText: text });
  await page.goto(`runs/${going.id}`);
  await expect(page.getByRole("heading", { name: "Running now: Install" })).toBeVisible();
  // A fifth of the time is over; a slow machine gets further.
  const name = /^About (1 min|1 min \d+ s|\d+ s) left; usually 1 min 40 s, based on 1 run$/;
  await expect(page.getByRole("progressbar", { name })).toHaveAttribute("aria-valuenow", /^[2-6]\d(\.|$)/);
  await expect(page.getByText("2 hosts at work; waiting longest for:")).toBeVisible();
  await expect(waits(/^web-01 in Install for \d+ s/)).toBeVisible();

  await going.ok("web-01").ok("web-02").task("Restart").begins("web-02").send(collector);
  await expect(page.getByRole("heading", { name: "Running now: Restart" })).toBeVisible();
  await expect(page.getByText("1 host at work; waiting longest for:")).toBeVisible();
  await expect(waits(/^web-02 in Restart for \d+ s/)).toBeVisible();
  await going.ok("web-02").end().send(collector);
  await expect(page.getByText("Success").first()).toBeVisible();
  await expect(page.getByRole("heading", { name: /^Running now/ })).toHaveCount(0);

  const late = await new Run({ playbook }, 900).play("web").task("Install").send(collector);
  await page.goto(`runs/${late.id}`);
  await expect(page.getByText("Much longer than usual: usually 1 min 40 s, based on 1 run")).toBeVisible();

  const first = await new Run({ playbook: "never-before.yml" }, 5).play("web").send(collector);
  await page.goto(`runs/${first.id}`);
  await expect(page.getByText("No estimate: no earlier run like this one.")).toBeVisible();
});

test("a launched run is canceled by a dialog that asks why; a recorded run cannot be canceled", async ({
  page,
  collector,
}) => {
  test.slow();
  const body = {
    playbook: "gated.yml",
    inventory: "hosts.ini",
    // Nobody makes this file.
    extra_vars: { gate: join(collector.folder, "no-gate") },
  };
  const { id } = await collector.ask<Execution>("POST", "/playbooks/run", body);
  await page.goto(`runs/${id}`);
  await expect(page.getByRole("heading", { name: "Running now: The gate" })).toBeVisible({ timeout: 30_000 });
  const cancel = page.getByRole("button", { name: "Cancel", exact: true });
  const dialog = page.getByRole("dialog");
  await cancel.click();
  await expect(dialog).toContainText("Cancel this run?");
  await dialog.getByLabel(/^Why/).fill("the wrong inventory");
  await dialog.getByRole("button", { name: "Cancel the run" }).click();
  await expect(page.getByText("Canceled", { exact: true }).first()).toBeVisible({ timeout: 30_000 });
  await expect(dialog).toHaveCount(0);
  await expect(cancel).toHaveCount(0);
  await expect(page.getByText("the wrong inventory").first()).toBeVisible();
  const run = await collector.ask<Execution>("GET", `/executions/${id}?wait=final&timeout=30`);
  expect(run).toMatchObject({ status: "failed", reason: "canceled", cancel_note: "the wrong inventory" });
  expect(run.canceled_by).toContain("test-admin");

  // The collector has not started its process.
  const recorded = await new Run({ playbook: "by-hand.yml" }, 5).play("web").task("wait").send(collector);
  await page.goto(`runs/${recorded.id}`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("by-hand.yml");
  await expect(page.getByRole("button", { name: "More actions" })).toBeVisible();
  await expect(cancel).toHaveCount(0);
});
