/** Looks at a page as people with and without sight do: axe in both themes, and a picture for people to look at. */
import { expect, type Page, test } from "@playwright/test";
import axe from "axe-core";

export const THEMES = ["light", "dark"] as const;

/** axe must find nothing in either theme; pictures of both are kept in `test-results/pages/`. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    await expect(page.locator("html")).toHaveClass(theme === "dark" ? /pf-v6-theme-dark/ : /^(?!.*dark)/);
    await expect.poll(() => moving(page), "colours that still change").toBe(0);
    expect(await violations(page), `what axe found on ${name} in the ${theme} theme`).toEqual([]);
    const folder = test.info().project.outputDir;
    await page.screenshot({ path: `${folder}/pages/${name}-${theme}.png`, animations: "disabled" });
  }
}

/** How many transitions are going on: axe would measure colours on their way. What never ends, such as a spinner, is not. */
function moving(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      document.getAnimations().filter(({ playState, effect }) => {
        const end = effect?.getComputedTiming().endTime;
        return playState === "running" && end !== undefined && Number.isFinite(Number(end));
      }).length,
  );
}

/** What axe found, in a line each. */
export async function violations(page: Page): Promise<string[]> {
  // The policy forbids scripts of others to pages; the browser's debugger, which evaluates this, is above it.
  await page.evaluate(`if (!window.axe) { ${axe.source} }`);
  return await page.evaluate(async () => {
    const { violations: found } = await window.axe.run(document, { resultTypes: ["violations"] });
    return found.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.html.slice(0, 200)}`),
    );
  });
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
