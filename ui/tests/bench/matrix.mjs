/**
 * Measures the matrix of 5,000 hosts × 200 tasks in headless Chromium: first paint, and the longest frame while it is
 * scrolled. Builds the pages, serves them, and answers for the collector with a made-up run.
 *
 *     node tests/bench/matrix.mjs [hosts] [tasks]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { build, createServer, preview } from "vite";

const hosts = Number(process.argv[2] ?? 5_000);
const tasks = Number(process.argv[3] ?? 200);
const id = "01920000-0000-7000-8000-000000000001";
const time = "2026-01-20T10:00:00Z";

const run = {
  id,
  status: "success",
  phase: "finished",
  type: "playbook",
  playbook: "site.yml",
  start_time: time,
  end_time: time,
  duration: 60,
  stats: {},
  failed: [],
  unreachable: [],
  changed: true,
  events: { received: 1, expected: 1 },
  output_lines: 0,
  results: hosts * tasks,
};

async function answers() {
  // The module is TypeScript: Vite reads it.
  const vite = await createServer({ server: { middlewareMode: true }, appType: "custom", logLevel: "error" });
  const { syntheticMatrix } = await vite.ssrLoadModule("/src/matrix/synthetic.ts");
  const matrix = syntheticMatrix(hosts, tasks);
  await vite.close();
  const outcomes = Buffer.from(matrix.cells).toString("base64");
  const list = matrix.tasks.map((task) => ({
    task,
    play: Math.ceil(task / 50),
    name: `Task number ${task} of the playbook`,
    action: "command",
    tags: [],
    handler: false,
    no_log: false,
    start_time: time,
    end_time: time,
    duration: 1,
    ok: hosts,
    changed: 0,
    failed: 0,
    skipped: 0,
    unreachable: 0,
    ignored: 0,
  }));
  return new Map([
    ["/whoami", JSON.stringify({ name: "bench", actor: "token:bench", scopes: ["read"] })],
    [`/executions/${id}`, JSON.stringify(run)],
    [`/executions/${id}/tasks`, JSON.stringify({ tasks: list })],
    [`/executions/${id}/matrix`, JSON.stringify({ hosts: matrix.hosts, tasks: matrix.tasks, outcomes })],
  ]);
}

async function open(browser, address, bodies, zoom) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript(() => {
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function first(...args) {
      globalThis.firstPaint ??= performance.now();
      CanvasRenderingContext2D.prototype.drawImage = draw;
      return draw.apply(this, args);
    };
  });
  await page.route("**/api/v1/ansible/**", (route) => {
    const path = new URL(route.request().url()).pathname.replace("/api/v1/ansible", "");
    const body = bodies.get(path);
    return body
      ? route.fulfill({ contentType: "application/json", body })
      : route.fulfill({ status: 404, body: "{}" });
  });
  await page.goto(`${address}runs/${id}/matrix?fold=no&zoom=${zoom}`);
  await page.waitForFunction(() => globalThis.firstPaint !== undefined);
  return page;
}

/** Scrolls for three seconds, further in each frame than a person does; times between frames in milliseconds. */
function scroll(page) {
  return page.evaluate(async () => {
    const scroller = document.querySelector(".pb-matrix__scroller");
    const deltas = [];
    const begin = performance.now();
    let last = begin;
    await new Promise((resolve) => {
      const step = (now) => {
        deltas.push(now - last);
        last = now;
        scroller.scrollTop += 700;
        scroller.scrollLeft += 40;
        if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1) {
          scroller.scrollTo(0, 0);
        }
        if (now - begin < 3_000) {
          requestAnimationFrame(step);
        } else {
          resolve();
        }
      };
      requestAnimationFrame(step);
    });
    deltas.sort((a, b) => a - b);
    return { frames: deltas.length, median: deltas[Math.floor(deltas.length / 2)], worst: deltas.at(-1) };
  });
}

const folder = await mkdtemp(join(tmpdir(), "matrix-bench-"));
await build({ logLevel: "error", build: { outDir: folder, emptyOutDir: true }, base: "/" });
const server = await preview({
  logLevel: "error",
  build: { outDir: folder },
  preview: { port: 0 },
  base: "/",
});
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const [address] = server.resolvedUrls.local;
const bodies = await answers();
process.stdout.write(`${hosts} hosts × ${tasks} tasks; times in ms\n`);
for (const zoom of ["large", "small", "overview"]) {
  const page = await open(browser, address, bodies, zoom);
  const { painted, answered } = await page.evaluate(() => ({
    painted: globalThis.firstPaint,
    answered: performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/matrix"))
      .responseEnd,
  }));
  const frames = zoom === "overview" ? undefined : await scroll(page);
  const times = [`first paint ${painted.toFixed(0)} (${(painted - answered).toFixed(0)} after the answer)`];
  if (frames) {
    const { frames: count, median, worst } = frames;
    times.push(`${count} frames, median ${median.toFixed(1)}, worst ${worst.toFixed(1)}`);
  }
  process.stdout.write(`${zoom.padEnd(8)} ${times.join("; ")}\n`);
  await page.close();
}
await browser.close();
await server.close();
await rm(folder, { recursive: true });
