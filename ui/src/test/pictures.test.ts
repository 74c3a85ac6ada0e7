/** The pictures that the documentation names exist, are small, and say in words what they show. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const TOP = join(import.meta.dirname, "../../..");
const PAGES = ["README.md", "docs/ui.md"];
const MOST = 150 * 1024;

/** Markdown's own images, and those of `<picture>`, which has one for each theme. */
function picturesOf(page: string): { path: string; words: string | undefined }[] {
  const text = readFileSync(join(TOP, page), "utf8");
  const markdown = [...text.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)].map(([, words, path]) => ({
    path,
    words,
  }));
  const sources = [...text.matchAll(/<source[^>]* srcset="([^"]+)"/g)].map(([, path]) => ({
    path,
    words: undefined,
  }));
  const images = [...text.matchAll(/<img[^>]*>/g)].map(([tag]) => ({
    path: /src="([^"]+)"/.exec(tag)?.[1],
    words: /alt="([^"]*)"/.exec(tag)?.[1] ?? "",
  }));
  return [...markdown, ...sources, ...images].map(({ path = "", words }) => ({
    path: join(TOP, dirname(page), path),
    words,
  }));
}

test("each picture exists, is small, and has words for those who do not see it", () => {
  const pictures = PAGES.flatMap(picturesOf);
  expect(pictures.filter(({ path }) => path.endsWith(".png")).length).toBeGreaterThanOrEqual(2);
  for (const { path, words } of pictures) {
    expect(statSync(path).size, path).toBeLessThanOrEqual(MOST);
    if (words !== undefined) {
      expect(words.length, `words for ${path}`).toBeGreaterThan(20);
    }
  }
});

test("each picture is shown somewhere", () => {
  const shown = new Set(PAGES.flatMap(picturesOf).map(({ path }) => path));
  const folder = join(TOP, "docs/pictures");
  expect(readdirSync(folder).filter((name) => !shown.has(join(folder, name)))).toEqual([]);
});
