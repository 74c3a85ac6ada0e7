/** Looks at a page as people with and without sight do: axe in both themes, and a picture for people to look at. */
import { expect, type Page, test } from "@playwright/test";
import axe from "axe-core";
import { IS_WHOLE } from "./test";

export const THEMES = ["light", "dark"] as const;

/** axe's rules about colours. Its tag `cat.color` would also name rules that are off by default. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/**
 * axe must find nothing in either theme. The themes differ in colours alone, so in the second one `make test` asks axe for
 * its rules about colours only. When everything is tested, pictures of both are kept in `test-results/pages/`.
 */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme });
    await expect(page.locator("html")).toHaveClass(theme === "dark" ? /pf-v6-theme-dark/ : /^(?!.*dark)/);
    await expect.poll(() => moving(page), "colours that still change").toBe(0);
    const rules = IS_WHOLE || theme === THEMES[0] ? undefined : COLOURS;
    expect(await violations(page, rules), `what axe found on ${name} in the ${theme} theme`).toEqual([]);
    if (IS_WHOLE) {
      const folder = test.info().project.outputDir;
      await page.screenshot({ path: `${folder}/pages/${name}-${theme}.png`, animations: "disabled" });
    }
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

/** What axe found, in a line each; by all of its rules that are on, or by these. */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  // The policy forbids scripts of others to pages; the browser's debugger, which evaluates this, is above it.
  await page.evaluate(`if (!window.axe) { ${axe.source} }`);
  return await page.evaluate(async (only) => {
    const { violations: found } = await window.axe.run(document, {
      resultTypes: ["violations"],
      ...(only && { runOnly: only }),
    });
    return found.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.html.slice(0, 200)}`),
    );
  }, rules);
}

declare global {
  interface Window {
    axe: typeof axe;
  }
}
