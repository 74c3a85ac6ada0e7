import { failedRun, goodRun, Run } from "./harness/producer";
import { ReverseProxy } from "./harness/proxy";
import { expect, logIn, test } from "./harness/test";

test.describe("when the collector is away", () => {
  test.use({ isolated: true });

  test("a banner says so, what was read stays, and everything is there when it is back", async ({
    page,
    collector,
  }) => {
    await goodRun("before.yml").send(collector);
    const going = await new Run({ playbook: "going.yml" }, 5)
      .play("web")
      .task("wait")
      .begins("web-01")
      .send(collector);
    await page.goto("runs");
    const row = (name: string) => page.getByRole("row").filter({ hasText: name });
    await expect(row("before.yml")).toBeVisible();
    await expect(row("going.yml")).toContainText("Running");

    await collector.kill();
    const banner = page.getByRole("status").filter({ hasText: "does not answer" });
    await expect(banner).toBeVisible();
    await expect(banner.getByRole("button", { name: "Try now" })).toBeVisible();
    await expect(row("before.yml")).toBeVisible();

    await collector.launch();
    await going.failed("web-01").end().send(collector);
    await failedRun("after.yml").send(collector);
    // It is tried again by itself; a button is there for those who cannot wait.
    await expect(banner).toBeHidden();
    await expect(row("before.yml")).toBeVisible();
    await expect(row("going.yml")).toContainText("Failed");
    await expect(row("after.yml")).toBeVisible();
  });

  test("an open console goes on where it was, with no line twice and none missing", async ({
    page,
    collector,
  }) => {
    const run = new Run({ playbook: "console.yml" }, 5).play("web").task("first").ok("web-01");
    await run.send(collector);
    await page.goto(`runs/${run.id}/console`);
    const lines = page.getByText(/^ok: \[web-\d+\]$/);
    await expect(lines).toHaveText(["ok: [web-01]"]);
    await collector.kill();
    await expect(page.getByText("does not answer").first()).toBeVisible();
    await collector.launch();
    await run.ok("web-02").ok("web-03").end().send(collector);
    // It is tried again by itself.
    await expect(lines).toHaveText(["ok: [web-01]", "ok: [web-02]", "ok: [web-03]"]);
    await expect(page.getByText("PLAY RECAP", { exact: false }).first()).toBeVisible();
    await expect(page.getByText("Success").first()).toBeVisible();
  });

  test("a page that cannot be read at all says so, and is read as soon as that works", async ({
    page,
    collector,
  }) => {
    await goodRun("hidden.yml").send(collector);
    await page.goto("hosts");
    await expect(page.getByRole("link", { name: "web-01" })).toBeVisible();
    await page.getByRole("link", { name: "web-01" }).click();
    await expect(page.getByRole("grid", { name: "Runs of web-01" })).toBeVisible();
    await collector.kill();
    await expect(page.getByText("does not answer").first()).toBeVisible();
    // What was read stays, also when it cannot be read again.
    await expect(page.getByRole("grid", { name: "Runs of web-01" })).toBeVisible();
    await expect(page.getByText("Could not show")).toHaveCount(0);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Runs" }).click();
    await expect(page.getByText("does not answer").first()).toBeVisible();
    await collector.launch();
    await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();
    await expect(page.getByRole("row").filter({ hasText: "hidden.yml" })).toHaveCount(1);
  });
});

test("a connection that died without a word is noticed within half a minute, and taken up again", async ({
  page,
  context,
  collector,
}) => {
  const run = new Run({ playbook: "cut.yml" }, 5).play("web").task("first").ok("cut-01");
  await run.send(collector);
  const proxy = await ReverseProxy.serve(collector.url, "/cut");
  try {
    await logIn(context, proxy.url, await collector.token("admin"));
    await page.clock.install();
    const opened = [
      page.waitForEvent("websocket", (socket) => socket.url().includes("/ansible/stream")),
      page.waitForEvent("websocket", (socket) => socket.url().includes(run.id)),
    ];
    await page.goto(`${proxy.url}/runs/${run.id}/console`);
    const lines = page.getByText(/^ok: \[cut-\d+\]$/);
    await expect(lines).toHaveText(["ok: [cut-01]"]);
    await Promise.all(opened);
    // The stream is there: a line came by it.
    await run.ok("cut-02").send(collector);
    await expect(lines).toHaveText(["ok: [cut-01]", "ok: [cut-02]"]);

    proxy.cut();
    await page.clock.fastForward(23_000);
    await page.clock.fastForward(9_000);
    const banner = page.getByRole("status").filter({ hasText: "does not answer" });
    await expect(banner).toBeVisible();
    await run.ok("cut-03").send(collector);
    const before = proxy.swallowed;
    await banner.getByRole("button", { name: "Try now" }).click();
    await expect.poll(() => proxy.swallowed).toBeGreaterThan(before);
    proxy.mend();
    // Attempts that the dead connection swallowed are given up, and the next ones get through: of the page, and of the console.
    await page.clock.fastForward(23_000);
    await expect(banner).toBeHidden();
    await expect(lines).toHaveText(["ok: [cut-01]", "ok: [cut-02]", "ok: [cut-03]"]);
  } finally {
    await proxy.close();
  }
});

test("a browser that loses its network says so, and goes on by itself", async ({ page, context }) => {
  await page.goto("runs");
  await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();
  await context.setOffline(true);
  const banner = page.getByRole("status").filter({ hasText: "does not answer" });
  await expect(banner).toBeVisible();
  await context.setOffline(false);
  await expect(banner).toBeHidden();
});
