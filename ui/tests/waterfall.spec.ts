/** In which order pages ask: what does not depend on an answer does not wait for it. By order, since times depend on the machine. */
import type { Page } from "@playwright/test";
import { failedRun, goodRun } from "./harness/producer";
import { expect, test } from "./harness/test";

/** Holds back the answer to these requests until another one was sent: a page that waits for the answer never shows anything. */
async function holdBack(page: Page, held: string | RegExp, until: RegExp): Promise<void> {
  const asked = page.waitForRequest(until);
  await page.route(held, async (route) => {
    await asked;
    await route.continue();
  });
}

test("the list is asked for beside who is logged in", async ({ page, collector }) => {
  await goodRun("beside.yml").send(collector);
  await holdBack(page, "**/api/v1/ansible/whoami", /\/executions\?/);
  await page.goto("runs?playbook=beside.yml");
  await expect(page.getByRole("row").filter({ hasText: "beside.yml" })).toBeVisible();
});

test("a run, its first lines and its code are asked for at the same time", async ({ page, collector }) => {
  const run = await failedRun("early.yml").send(collector);
  const html = await (await page.request.get(`runs/${run.id}/console`)).text();
  const first = [...html.matchAll(/assets\/[^"]+\.js/g)].map(([name]) => name);
  expect(first.length).toBeGreaterThan(0);
  await holdBack(page, "**/api/v1/ansible/whoami", /\/output\?/);
  await holdBack(page, new RegExp(`/executions/${run.id}\\?`), /\/output\?/);
  // All code but that of the first load is held back, until the lines were requested.
  const lines = page.waitForRequest(/\/output\?/);
  await page.route(/\/assets\/.*\.js$/, async (route) => {
    if (!first.some((name) => route.request().url().endsWith(name))) {
      await lines;
    }
    await route.continue();
  });
  const pages: string[] = [];
  page.on("request", (request) => {
    if (/\/output\?/.test(request.url())) {
      pages.push(new URL(request.url()).search);
    }
  });
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText(/^fatal: \[web-02\]: FAILED!/)).toBeVisible();
  // The lines that came early are not asked for again.
  expect(pages).toEqual(["?from=0&limit=1000"]);
});

test("the last runs of all playbooks of the list are one request", async ({ page, collector }) => {
  for (const playbook of ["bars-1.yml", "bars-2.yml", "bars-3.yml"]) {
    await goodRun(playbook, undefined, 120).send(collector);
    await goodRun(playbook, undefined, 60).send(collector);
  }
  const recent: string[] = [];
  let lists = 0;
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.pathname.endsWith("/executions/recent")) {
      recent.push(...url.searchParams.getAll("playbook"));
    } else if (url.pathname.endsWith("/executions") && url.searchParams.has("playbook")) {
      lists += 1;
    }
  });
  await page.goto("runs?q=bars");
  const bars = page.getByRole("link", { name: /^The last 2 runs of this playbook: none failed/ });
  await expect(bars).toHaveCount(6);
  expect(lists).toBe(0);
  // Read again at most once, when the live connection opens.
  expect(recent.slice(0, 3)).toEqual(["bars-1.yml", "bars-2.yml", "bars-3.yml"]);
  expect(recent.length).toBeLessThanOrEqual(6);
});
