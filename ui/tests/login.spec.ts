import { goodRun } from "./harness/producer";
import { expect, logIn, test } from "./harness/test";

test.describe("without a login", () => {
  test.use({ as: "nobody" });

  test("a link to a run leads through the login back to the run", async ({ page, collector }) => {
    const run = await goodRun("linked.yml").send(collector);
    await page.goto(`runs/${run.id}?tab=x#L3`);
    await expect(page.getByRole("heading", { level: 1, name: "Log in to Playback" })).toBeVisible();
    await page.getByLabel("Token").fill("not a token");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(
      page
        .getByText(/token/i)
        .filter({ hasText: /not|unknown|expired/i })
        .first(),
    ).toBeVisible();
    await page.getByLabel("Token").fill(await collector.token("reader"));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("linked.yml");
    expect(new URL(page.url()).pathname).toBe(`/runs/${run.id}`);
    expect(new URL(page.url()).hash).toBe("#L3");
  });

  test("after the login a link leads to pages of this collector only", async ({ page, collector }) => {
    await page.goto("login?next=//evil.example/");
    await page.getByLabel("Token").fill(await collector.token("reader"));
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(`${collector.url}/runs`);
  });

  test("the cookie is out of reach of scripts, and the logout ends it", async ({
    page,
    context,
    collector,
  }) => {
    await page.goto("login");
    await page.getByLabel("Token").fill(await collector.token("reader"));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();
    expect(await page.evaluate(() => document.cookie)).toBe("");
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(
      await collector.token("reader"),
    );
    const [cookie] = await context.cookies();
    await page.getByRole("button", { name: "test-reader" }).click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await expect(page).toHaveURL(/\/login/);
    // A copy of the cookie is of no use any more.
    const answer = await page.request.get("api/v1/ansible/whoami", {
      headers: { Cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(answer.status()).toBe(401);
  });
});

test.describe("when the login ends", () => {
  test.use({ as: "nobody" });

  test("an open page asks for a login, and is there again after it", async ({ page, context, collector }) => {
    const run = await goodRun("expiring.yml").send(collector);
    await logIn(context, collector.url, await collector.createToken("leaving", ["read"]));
    await page.goto(`runs/${run.id}/tasks`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("expiring.yml");
    await collector.command("token", "revoke", "leaving");
    // The live connection is closed with the session, so nobody has to click for this.
    await expect(page.getByRole("heading", { level: 1, name: "Log in to Playback" })).toBeVisible();
    await page.getByLabel("Token").fill(await collector.token("reader"));
    await page.keyboard.press("Enter");
    await expect(page).toHaveURL(`${collector.url}/runs/${run.id}/tasks`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("expiring.yml");
  });
});
