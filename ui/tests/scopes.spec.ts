import type { Execution } from "../src/api/types";
import { failedRun } from "./harness/producer";
import { expect, test } from "./harness/test";

/** A run that the collector launched, which alone can be replayed. */
async function launched(collector: { ask<T>(method: string, path: string, body?: unknown): Promise<T> }) {
  const body = { playbook: "release.yml", inventory: "hosts.ini" };
  const { id } = await collector.ask<Execution>("POST", "/playbooks/run", body);
  return await collector.ask<Execution>("GET", `/executions/${id}?wait=final&timeout=60`);
}

const ACTIONS = /^(Replay|Replay failed hosts|Cancel)$/;

test.describe("with a token that only reads", () => {
  test.use({ as: "reader" });

  test("nothing is offered that it may not do", async ({ page, collector }) => {
    const run = await launched(collector);
    await page.goto(`runs/${run.id}`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("release.yml");
    await expect(page.getByText("version 2.0 does not start on web-02").first()).toBeVisible();
    await expect(
      page.getByRole("link", { name: ACTIONS }).or(page.getByRole("button", { name: ACTIONS })),
    ).toHaveCount(0);
    const navigation = page.getByRole("navigation", { name: "Pages" });
    await expect(navigation.getByRole("link", { name: "Runs" })).toBeVisible();
    await expect(navigation.getByRole("link", { name: "Launch" })).toHaveCount(0);
    await expect(navigation.getByRole("link", { name: "Audit" })).toHaveCount(0);
    await expect(navigation.getByRole("link", { name: "Notifications" })).toHaveCount(0);
    const more = page.getByRole("button", { name: "More actions" });
    if (await more.isVisible()) {
      await more.click();
      await expect(page.getByRole("menuitem", { name: /Delete|Redact|Pin|Cancel/ })).toHaveCount(0);
    }
  });

  test("pages that are not for it say so when their address is typed", async ({ page }) => {
    for (const path of ["launch", "audit", "notifications", "notifications/-/new", "schedules/-/new"]) {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 }), path).toBeVisible();
      await expect(page.getByText(/scope|may not|not allowed|needs/i).first(), path).toBeVisible();
      await expect(page.getByRole("button", { name: /^(Launch|Run|Create)/ }), path).toHaveCount(0);
    }
  });

  test("selected runs can be compared and exported, but not deleted", async ({ page, collector }) => {
    await failedRun("selected.yml").send(collector);
    await failedRun("selected.yml").send(collector);
    await page.goto("runs?playbook=selected.yml");
    const boxes = page.getByRole("checkbox", { name: /selected\.yml/ });
    await boxes.first().check();
    await boxes.last().check();
    const selection = page.getByRole("region", { name: "Selected runs" });
    await expect(selection.getByRole("link", { name: "Compare" })).toBeVisible();
    await expect(selection.getByRole("button", { name: "Export" })).toBeVisible();
    await expect(selection.getByRole("button", { name: "Delete" })).toHaveCount(0);
  });
});

test.describe("with a token that may launch", () => {
  test.use({ as: "operator" });

  test("failed hosts are replayed with what the run was launched with", async ({ page, collector }) => {
    test.slow();
    const run = await launched(collector);
    await page.goto(`runs/${run.id}`);
    await page.getByRole("link", { name: "Replay failed hosts" }).click();
    await expect(page).toHaveURL(new RegExp(`/launch\\?.*${run.id}`));
    await page.getByRole("button", { name: /^(Replay|Launch|Run)/ }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("release.yml");
    await expect(page).not.toHaveURL(new RegExp(run.id));
    await expect(page.getByText("Failed").first()).toBeVisible({ timeout: 30_000 });
    const id = new URL(page.url()).pathname.split("/")[2];
    const replay = await collector.ask<Execution>("GET", `/executions/${id}`);
    expect(replay.replay_of).toBe(run.id);
    expect(Object.keys(replay.stats)).toEqual(["web-02"]);
  });

  test("a playbook is launched from the form, and its page opens", async ({ page, collector }) => {
    test.slow();
    await page.goto("launch?playbook=release.yml&inventory=hosts.ini");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.getByRole("button", { name: /^(Launch|Run)/ }).click();
    await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
    await expect(page.getByText("version 2.0 does not start on web-02").first()).toBeVisible({
      timeout: 30_000,
    });
    const id = new URL(page.url()).pathname.split("/")[2];
    const run = await collector.ask<Execution>("GET", `/executions/${id}`);
    expect(run.launched_by).toContain("test-operator");
  });
});
