/** Makes the pictures of the documentation, in `docs/pictures/`: by hand, since their times are those of the runs. */
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { THEMES } from "../harness/look";
import { expect, test } from "../harness/test";
import { hideMachine, record } from "./demo";

const FOLDER = fileURLToPath(new URL("../../../docs/pictures", import.meta.url));
/** Bytes of a picture at most: the repository keeps each one that ever was. */
const MOST = 150 * 1024;

test.use({ isolated: true, viewport: { width: 1280, height: 720 } });

test("pictures", async ({ page, context, collector }) => {
  const { failed } = await record(collector);
  await hideMachine(context, collector);
  await mkdir(FOLDER, { recursive: true });

  await page.goto("runs");
  await expect(page.getByRole("row").filter({ hasText: "failing.yml" })).toHaveCount(2);
  await expect(page.getByRole("link", { name: /^The last 2 runs/ }).first()).toBeVisible();
  await shoot(page, "runs");

  await page.goto(`runs/${failed}`);
  await expect(page.getByText("Last worked")).toBeVisible();
  await expect(page.getByRole("link", { name: "Lines in the console" }).first()).toHaveAttribute(
    "href",
    /#L/,
  );
  await shoot(page, "summary");

  // Its first failures were rescued, which the console cannot know: go to those that count.
  await page.getByRole("link", { name: "Lines in the console" }).first().click();
  await expect(page.getByText(/^fatal: .*tables migrated/).first()).toBeInViewport();
  await shoot(page, "console");

  await page.goto(`runs/${failed}/matrix?fold=false&zoom=large&host=web-02&task=2`);
  await expect(page.getByRole("link", { name: "Open the result" })).toBeVisible();
  await shoot(page, "matrix");

  await page.goto(`compare/${failed}`);
  await expect(page.getByText("Migrate the database").first()).toBeVisible();
  await shoot(page, "compare");
});

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.mouse.move(0, 0);
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    await expect(page.locator("html")).toHaveClass(theme === "dark" ? /pf-v6-theme-dark/ : /^(?!.*dark)/);
    const path = join(FOLDER, `${name}-${theme}.png`);
    await page.screenshot({ path, animations: "disabled", caret: "hide" });
    expect((await stat(path)).size, `bytes of ${path}`).toBeLessThanOrEqual(MOST);
  }
}
