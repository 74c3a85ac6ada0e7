/**
 * T12, each figure printed beside its target. `make bench ROWS=T12` runs it with a release build and a history of a million
 * runs. By itself, with smaller histories of its own:
 *
 *     PLAYBACK_BIN=../target/release/playback npm run bench
 *
 * `BENCH_LINES`, `BENCH_HOSTS`, `BENCH_TASKS` and `BENCH_RUNS` change the sizes; `BENCH_HISTORY` is the address of a database
 * with `BENCH_RUNS` runs.
 */
import { gzipSync } from "node:zlib";
import { MOST_CLICKS, QUESTIONS } from "../harness/journeys";
import { logIn, test } from "../harness/test";
import { longRun, manyRuns, NEEDLE, siteToAsk, wideRun } from "./fill";
import {
  median,
  noteClicks,
  row,
  rowOf,
  scrollFrames,
  tabMemory,
  untilAnswered,
  untilFound,
  untilLine,
  watchFor,
} from "./measure";

const LINES = Number(process.env.BENCH_LINES ?? 1_000_000);
const HOSTS = Number(process.env.BENCH_HOSTS ?? 5_000);
const TASKS = Number(process.env.BENCH_TASKS ?? 200);
const VISITS = 5;
const RUNS = Number(process.env.BENCH_RUNS ?? 5_000);
const HISTORY = process.env.BENCH_HISTORY;

test.use({ isolated: true });

test("bundles", async ({ page }) => {
  let bytes = 0;
  const bodies: Promise<Buffer>[] = [];
  page.on("response", (answer) => {
    if (/\.(js|css)$/.test(new URL(answer.url()).pathname)) {
      bodies.push(answer.body());
    }
  });
  await page.goto("runs");
  await page.waitForLoadState("networkidle");
  for (const body of await Promise.all(bodies)) {
    bytes += gzipSync(body, { level: 9 }).length;
  }
  row("first page: scripts and styles, gzip", bytes / 1024, 400, "KB");
});

test("console", async ({ page, browser, collector }) => {
  const run = await longRun(collector, LINES);
  const { output_lines: lines } = await collector.ask<{ output_lines: number }>(
    "GET",
    `/executions/${run.id}`,
  );
  const firstText = await watchFor(page, ".pbc-line");
  const of = `console, ${lines} lines: `;
  // Once for the browser's cache, as everybody has it at the second run that they look at.
  await page.goto(`runs/${run.id}/console`);
  await firstText();
  const again = async () => {
    await page.reload();
    return await firstText();
  };
  row(`${of}first text`, await median(VISITS, again), 500, "ms");
  row(`${of}jump to the end`, await untilLine(page, "End", lines), 300, "ms");
  row(`${of}jump to the start`, await untilLine(page, "Home", 1), 300, "ms");
  await page.getByRole("region", { name: "Output" }).press("Control+f");
  await page.getByRole("searchbox").waitFor();
  row(`${of}search`, await untilFound(page, NEEDLE), 500, "ms");
  row(`${of}memory of the tab`, await tabMemory(browser, page), 400, "MB");
});

test("matrix", async ({ page, collector }) => {
  const run = await wideRun(collector, HOSTS, TASKS);
  const firstCells = await watchFor(page, ".pb-matrix__canvas[height]");
  const of = `matrix, ${HOSTS} × ${TASKS}: `;
  await page.goto(`runs/${run.id}/matrix`);
  await firstCells();
  const again = async () => {
    await page.goto(`runs/${run.id}/matrix?fold=no&zoom=small`);
    return await firstCells();
  };
  row(`${of}first paint`, await median(VISITS, again), 500, "ms");
  const { count, middle, worst } = await scrollFrames(page, ".pb-matrix__scroller");
  row(`${of}frames in 3 s of scrolling`, count, undefined, "");
  row(`${of}median frame`, middle, undefined, "ms");
  row(`${of}longest frame`, worst, 50, "ms");
});

test.describe("a large history", () => {
  test.use({ history: HISTORY });

  test("list", async ({ page, collector }) => {
    if (HISTORY === undefined) {
      await manyRuns(collector, RUNS);
    }
    const firstRow = await watchFor(page, "td[data-label=Status]");
    await page.goto("runs");
    await firstRow();
    const again = async () => {
      await page.reload();
      return await firstRow();
    };
    row(`list of ${RUNS} runs: first row`, await median(VISITS, again), 500, "ms");
  });

  // Last: it adds runs to the history.
  test("questions", async ({ browser, collector }) => {
    if (HISTORY === undefined) {
      await manyRuns(collector, RUNS);
    }
    const site = await siteToAsk(collector);
    for (const question of QUESTIONS) {
      let clicks = 0;
      const visit = async () => {
        // A browser that has never been here has nothing in its cache.
        const context = await browser.newContext();
        await logIn(context, collector.url, await collector.token("admin"));
        const page = await context.newPage();
        await noteClicks(page);
        await page.goto(collector.url);
        const way = question.way(page, site);
        clicks = way.clicks.length;
        const took = await untilAnswered(page, way);
        await context.close();
        return took;
      };
      const value = await median(VISITS, visit);
      rowOf(`question: ${question.words}`, [
        { value: clicks, most: MOST_CLICKS, unit: "clicks" },
        { value, most: undefined, unit: "ms" },
      ]);
    }
  });
});
