/** Every page that shows a result leads to what was printed for it, by links that name the lines. */
import type { Locator, Page } from "@playwright/test";
import type { Execution, ExecutionList } from "../src/api/types";
import { Run } from "./harness/producer";
import { expect, test } from "./harness/test";

const FATAL = /^fatal: \[web-02\]: FAILED!/;

test.describe(() => {
  test.use({ isolated: true });

  test("links of a real run name the very lines of a task and of a result", async ({ page, collector }) => {
    test.slow();
    expect(await collector.ansible("release.yml")).toBe(2);
    const { executions } = await collector.ask<ExecutionList>("GET", "/executions");
    const id = executions[0]?.id ?? "";
    await collector.ask<Execution>("GET", `/executions/${id}?wait=final&timeout=30`);
    const { lines } = await collector.ask<{ lines: { text: string }[] }>("GET", `/executions/${id}/output`);
    const lineOf = (text: string) => lines.findIndex((line) => line.text.includes(text)) + 1;
    const fatal = lineOf("fatal: [web-02]");
    const task = lineOf("TASK [Switch to the new version]");
    expect(fatal).toBeGreaterThan(0);
    const searches = countRequests(page, /\/output\?/);

    await page.goto(`runs/${id}`);
    const hash = await hashOf(page.getByRole("link", { name: "Lines in the console" }));
    // What newer versions of Ansible print about the error above it belongs to the result, and nothing of the other host does.
    const [from = 0, to = from] = [...hash.matchAll(/\d+/g)].map(Number);
    expect(from).toBeGreaterThan(lineOf("ok: [web-01] =>"));
    expect(from).toBeLessThanOrEqual(fatal);
    expect(to).toBeGreaterThanOrEqual(fatal);

    await page.goto(`runs/${id}/results/2/web-02`);
    expect(await hashOf(page.getByRole("link", { name: "Show in the console" }))).toBe(hash);

    await page.goto(`runs/${id}/matrix?host=web-02&task=2`);
    expect(await hashOf(page.getByRole("link", { name: "Show in the console" }))).toBe(hash);

    await page.goto(`runs/${id}/timeline?open=2`);
    await expect(page.locator(`a[href$="/console#${hash}"]`)).toHaveCount(1);

    await page.goto(`runs/${id}/tasks`);
    const row = page.getByRole("row").filter({ hasText: "Switch to the new version" });
    const fromTask = row.getByRole("link", { name: /^Line \d+$/ });
    // Ansible prints an empty line before the heading.
    await expect(fromTask).toHaveAttribute("href", new RegExp(`#L(${task - 1}|${task})$`));
    // No page read the output to find a line.
    expect(searches()).toBe(0);

    await fromTask.click();
    await expect(page.getByText(/^TASK \[Switch to the new version\]/).first()).toBeInViewport();
    await page.goBack();
    await row.getByRole("button", { name: "Switch to the new version" }).click();
    // The task's own link is there before its results are.
    const fromResult = page.getByRole("link", { name: "Show in the console" }).last();
    await expect(fromResult).toHaveAttribute("href", new RegExp(`#${hash}$`));
    await fromResult.click();
    await expect(page).toHaveURL(new RegExp(`#${hash}$`));
    await expect(page.getByText(FATAL)).toBeInViewport();
  });
});

test("the console of a failed run opens at the first failure that was not rescued", async ({
  page,
  collector,
}) => {
  const run = new Run({ playbook: "rescued.yml" }).play("web").task("try");
  run.event("result", { task: 1, host: "web-01", status: "failed", rescued: true, content: {} });
  run.prints(`fatal: [web-01]: FAILED! => {"msg": "handled"}\n${"and more\n".repeat(200)}`);
  await run.task("break").failed("web-01", "this counts").end().send(collector);
  await page.goto(`runs/${run.id}/console`);
  await expect(page.getByText(/^fatal: .*this counts/)).toBeInViewport();
  await expect(page.getByText(/^fatal: .*handled/)).not.toBeInViewport();
});

/** The lines that a link names, once it does: `L13-L26`. */
async function hashOf(link: Locator): Promise<string> {
  await expect(link).toHaveAttribute("href", /#L\d+/);
  return (await link.getAttribute("href"))?.split("#").at(-1) ?? "";
}

/** How many requests whose address is like that were sent so far. */
function countRequests(page: Page, address: RegExp): () => number {
  let count = 0;
  page.on("request", (request) => {
    count += address.test(request.url()) ? 1 : 0;
  });
  return () => count;
}

test("a console folds, shows one stream, wraps, goes to a line, copies, and leads to the result and the raw text", async ({
  page,
  context,
  collector,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const run = new Run({ playbook: "read.yml" }).play("web").task("talk").ok("web-01");
  run.prints(`${"wide ".repeat(100)}end\n`);
  run.event("output", { stream: "stderr", text: "a complaint\n" }).end();
  await run.send(collector);
  await page.goto(`runs/${run.id}/console`);
  const output = page.getByRole("region", { name: "Output" });
  const ok = output.getByText("ok: [web-01]");
  await expect(ok).toBeVisible();

  await page.getByLabel("Folding").selectOption("All folded");
  await expect(ok).toBeHidden();
  await page.getByLabel("Folding").selectOption("All open");
  await expect(ok).toBeVisible();

  await page.getByLabel("Streams").selectOption("Only stderr");
  await expect(output.getByText("a complaint")).toBeVisible();
  await expect(ok).toHaveCount(0);
  await page.getByLabel("Streams").selectOption("Both streams");
  await expect(ok).toBeVisible();

  const wide = output.getByText(/^wide wide/);
  const height = async () => (await wide.boundingBox())?.height ?? 0;
  const before = await height();
  await page.getByRole("checkbox", { name: "Wrap" }).check();
  await expect.poll(height).toBeGreaterThan(1.5 * before);
  await page.getByRole("checkbox", { name: "Wrap" }).uncheck();
  await expect.poll(height).toBe(before);

  // Two lines for the play, two for the task.
  await page.getByRole("textbox", { name: "Go to line" }).fill("5");
  await page.getByRole("textbox", { name: "Go to line" }).press("Enter");
  await expect(page).toHaveURL(/#L5$/);
  await page.getByRole("button", { name: "Copy text" }).click();
  await expect(page.getByText("Text copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("ok: [web-01]");
  const raw = await page.getByRole("link", { name: "Raw text, in a new tab" }).getAttribute("href");
  expect(await (await page.request.get(new URL(raw ?? "", page.url()).href)).text()).toContain("a complaint");
  const loading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download the text" }).click();
  expect((await loading).suggestedFilename()).toMatch(/^read\.yml-.*\.txt$/);
  await output.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/runs/${run.id}/results/1/web-01$`));
});
