import type { Page } from "@playwright/test";
import { failedRun, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

const HTML = `<img src=x onerror="window.broken=1"><script>window.broken=2</script>`;
const LINK = "javascript:window.broken=3";
const TURNED = "web-\u202egnp.01\u202c"; // reads "10.png" backwards from the mark on
const TURNED_SEEN = "web-⟨RLO⟩gnp.01⟨PDF⟩";
const HOSTS = ["__proto__", "constructor", `${HTML}`, TURNED, "über/..?#%2e"];

/** A run in which everything that has a name is hostile. */
function hostileRun(playbook: string): Run {
  const run = new Run({
    playbook,
    inventory: HTML,
    limit: TURNED,
    tags: [HTML],
    labels: [HTML],
    note: `${HTML} ${LINK}`,
    user: HTML,
    controller: "<b>ctl</b>",
    git: { commit: HTML, branch: HTML },
  })
    .play(HTML)
    .task(`${HTML} \u001b[2J\u001b[31mred`, { role: HTML, path: LINK });
  for (const host of HOSTS) {
    run.changed(host, { msg: HTML, diff: [{ before: HTML, after: `${HTML}\n${LINK}` }] });
  }
  run.task("break");
  for (const host of HOSTS) {
    run.failed(host, `${HTML} see ${LINK} and https://example.com/help`);
  }
  // Moves the cursor, clears the screen, sets the title, hides the text, rings, and links to a script.
  run.prints(
    "\u001b[2J\u001b[H\u001b[?25lover here\u001b[10;10H\u001b]0;title\u0007\u0007\u001b[8mhidden\u001b[0m\n",
  );
  run.prints(`\u001b]8;;${LINK}\u001b\\a link\u001b]8;;\u001b\\ \u202eturned\u202c end\n`);
  return run.end();
}

/** Nothing of what was recorded became a part of the page. */
async function expectUnbroken(page: Page): Promise<void> {
  expect(await page.evaluate(() => Reflect.get(window, "broken"))).toBeUndefined();
  // Our own pages have one script, which is a file, and no image from elsewhere.
  await expect(page.locator('img[src="x"], script:not([src]), [onerror]')).toHaveCount(0);
  await expect(page.locator('a[href^="javascript:" i]')).toHaveCount(0);
}

const TABS = ["", "/console", "/tasks", "/matrix", "/timeline", "/results/2/__proto__"];

test("names and texts that are HTML, scripts, ANSI or turned are shown as they are", async ({
  page,
  collector,
}) => {
  const run = await hostileRun("hostile.yml").send(collector);
  await page.goto("runs?playbook=hostile.yml");
  await expect(page.getByRole("row").filter({ hasText: "hostile.yml" })).toContainText(`5 failed`);
  await expectUnbroken(page);
  for (const tab of TABS) {
    await page.goto(`runs/${run.id}${tab}`);
    await expect(page.getByRole("heading", { level: 1 }), tab).toContainText("hostile.yml");
    await page.waitForLoadState("networkidle");
    await expect(page.getByText(/Could not show|Something went wrong/), tab).toHaveCount(0);
    await expectUnbroken(page);
  }
  for (const path of [`compare/${run.id}`, "hosts", "trends", "search?q=hostile", "audit"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 }), path).toBeVisible();
    await page.waitForLoadState("networkidle");
    await expectUnbroken(page);
  }
});

test("hosts with any name have a page of their own, and are counted", async ({ page, collector }) => {
  await hostileRun("hostile-hosts.yml").send(collector);
  for (const host of HOSTS) {
    await page.goto(`hosts/${encodeURIComponent(host)}`);
    // A mark that turns text is seen, rather than followed.
    const shown = host === TURNED ? TURNED_SEEN : host;
    await expect(page.getByRole("heading", { level: 1 })).toContainText(shown);
    await expect(page.getByRole("link", { name: /hostile-hosts\.yml|hostile/ }).first()).toBeVisible();
  }
  // By the links, too.
  await page.goto("hosts?name=__proto__");
  await page.getByRole("link", { name: "__proto__" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("__proto__");
});

test("the summary and the result of a host that is called __proto__", async ({ page, collector }) => {
  const run = await hostileRun("proto.yml").send(collector);
  await page.goto(`runs/${run.id}`);
  const recap = page.getByRole("row").filter({ hasText: "__proto__" });
  await expect(recap.first()).toContainText("failed", { ignoreCase: true });
  await expect(page.getByRole("row").filter({ hasText: "constructor" }).first()).toBeVisible();
  // The recap has a link of the same name, and is there before the failures are.
  await page.getByRole("article").getByRole("link", { name: "Result on __proto__" }).click();
  await expect(page).toHaveURL(/\/results\/2\/__proto__$/);
  await expect(page.getByText(`see ${LINK}`).first()).toBeVisible();
});

test("only http and https links in the output can be clicked", async ({ page, collector }) => {
  const run = await hostileRun("links.yml").send(collector);
  await page.goto(`runs/${run.id}/console`);
  const output = page.getByRole("region", { name: "Output" });
  await expect(output.getByText("turned")).toBeVisible();
  const links = await output
    .getByRole("link")
    .evaluateAll((found) => found.map((link) => link.getAttribute("href")));
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) {
    expect(link).toMatch(/^https?:\/\//);
  }
  const first = output.getByRole("link").first();
  await expect(first).toHaveAttribute("rel", /noopener/);
  await expectUnbroken(page);
});

test("a line of a megabyte and control characters keep the console as it is", async ({ page, collector }) => {
  const run = new Run({ playbook: "long.yml" }).play("web").task("print").ok("web-01");
  run.prints(`${"x".repeat(500_000)}`).prints(`${"y".repeat(500_000)} the end of it\n`);
  run.prints("after the long line\n").end();
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText("after the long line")).toBeVisible();
  await expect(page.getByText("PLAY RECAP").first()).toBeVisible();
  const box = await page.getByRole("region", { name: "Output" }).boundingBox();
  expect(box?.width ?? 0).toBeLessThanOrEqual(1280);
  // The page itself never scrolls sideways.
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1280);
});

test("a query in the address that makes no sense is said, not thrown", async ({ page, collector }) => {
  await failedRun("query.yml").send(collector);
  await page.goto(
    `runs?q=${encodeURIComponent("status:(((")}&status=nonsense&min_duration=-3&sort=__proto__`,
  );
  await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();
  await expect(page.getByText(/Something went wrong/)).toHaveCount(0);
  const query = page
    .getByRole("combobox", { name: "Query" })
    .or(page.getByRole("textbox", { name: "Query" }));
  await expect(query.first()).toHaveValue("status:(((");
  await query.first().fill("playbook:query.yml");
  await query.first().press("Enter");
  await expect(page.getByRole("row").filter({ hasText: "query.yml" })).toBeVisible();
});
