import { failedRun } from "./harness/producer";
import { ReverseProxy } from "./harness/proxy";
import { expect, logIn, test } from "./harness/test";

test.describe("behind a reverse proxy, below a path", () => {
  test.use({ as: "nobody" });

  test("pages, links, login and the live connection work there", async ({ page, context, collector }) => {
    const run = await failedRun("proxied.yml").send(collector);
    const proxy = await ReverseProxy.serve(collector.url, "/playback");
    try {
      const outside: string[] = [];
      page.on("request", (request) => {
        if (!request.url().startsWith(`${proxy.url}/`)) {
          outside.push(request.url());
        }
      });
      await page.goto(`${proxy.url}/runs/${run.id}`);
      await expect(page).toHaveURL(new RegExp(`^${proxy.url}/login\\?next=`));
      await page.getByLabel("Token").fill(await collector.token("reader"));
      await page.keyboard.press("Enter");
      await expect(page).toHaveURL(`${proxy.url}/runs/${run.id}`);
      await expect(page.getByRole("heading", { level: 1 })).toContainText("proxied.yml");
      const [cookie] = await context.cookies();
      expect(cookie?.path).toBe("/playback/");

      // Deep addresses load the same files when they are opened directly.
      await page.reload();
      await expect(page.getByRole("heading", { level: 1 })).toContainText("proxied.yml");
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Runs" }).click();
      await expect(page).toHaveURL(`${proxy.url}/runs`);
      await expect(page.getByRole("row").filter({ hasText: "proxied.yml" })).toBeVisible();

      // A run that starts now is told by the live connection.
      await failedRun("through-the-proxy.yml").send(collector);
      await expect(page.getByRole("row").filter({ hasText: "through-the-proxy.yml" })).toBeVisible();
      expect(outside, "requests beside the path").toEqual([]);
    } finally {
      await proxy.close();
    }
  });

  test("the cookie is not shared with what else is on that host", async ({ context, collector }) => {
    const proxy = await ReverseProxy.serve(collector.url, "/playback");
    try {
      await logIn(context, proxy.url, await collector.token("reader"));
      const elsewhere = new URL("/other/", proxy.url).href;
      expect(await context.cookies(elsewhere)).toEqual([]);
      expect(await context.cookies(`${proxy.url}/runs`)).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });
});
