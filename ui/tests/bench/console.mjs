/**
 * Measures the console in headless Chromium with 100,000 and 1,000,000 lines: first text, jumps to the end and to a line, search,
 * and the memory of the tab. Builds the pages, serves them, and answers for the collector with made-up lines.
 *
 *     node tests/bench/console.mjs [lines …]
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { chromium } from "@playwright/test";
import { build } from "vite";

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100_000, 1_000_000];
const id = "01920000-0000-7000-8000-000000000001";
const start = Date.parse("2026-01-20T10:00:00Z");
const time = new Date(start).toISOString();
const TASK = 500;

function text(line) {
  switch (line % TASK) {
    case 0:
      return `TASK [role : step ${line / TASK}] ${"*".repeat(60)}`;
    case TASK - 1:
      return "";
    case 250:
      return `\u001b[0;31mfatal: [web-${line}]: FAILED! => {"msg": "no space left on device"}\u001b[0m`;
    default:
      return `\u001b[0;32mok: [web-${line}] => (item=package-${line}-with-a-longer-name)\u001b[0m`;
  }
}

/** The body of an answer, as the collector would send it. */
function answer(address, lines) {
  const query = new URLSearchParams(address.search);
  const path = address.pathname.replace("/api/v1/ansible", "");
  if (path === "/whoami") {
    return { name: "bench", actor: "token:bench", scopes: ["read"] };
  }
  if (path === `/executions/${id}`) {
    return {
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
      output_lines: lines,
      results: 0,
    };
  }
  if (path === `/executions/${id}/output`) {
    const from = Number(query.get("from") ?? 0);
    const end = Math.min(lines, from + Number(query.get("limit")));
    const page = [];
    for (let line = from; line < end; line += 1) {
      page.push({
        line,
        time: new Date(start + line).toISOString(),
        stream: "stdout",
        of: line,
        text: text(line),
      });
    }
    return { lines: page, total: lines, ...(end < lines ? { next: end } : {}) };
  }
  if (path === "/search") {
    const hits = Array.from({ length: 1_000 }, (_, at) => ({ line: at * TASK + 250, after: [] }));
    return { hits, facets: { lines: lines / TASK, runs: 1 } };
  }
  return undefined;
}

/** Milliseconds until a line is within the view, as the page itself sees it. */
function until(page, number, act) {
  return page.evaluate(
    ([line, what]) =>
      new Promise((resolve) => {
        const begin = performance.now();
        const scroller = document.querySelector(".pbc-scroller");
        const field = document.querySelector("input[aria-label='Go to line']");
        if (what === "type") {
          const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
          set.call(field, String(line));
          field.dispatchEvent(new Event("input", { bubbles: true }));
          requestAnimationFrame(() => field.form.requestSubmit());
        } else {
          scroller.dispatchEvent(new KeyboardEvent("keydown", { key: what, bubbles: true }));
        }
        const look = () => {
          const found = document.querySelector(`.pbc-line[data-n="${line}"]`)?.getBoundingClientRect();
          const view = scroller.getBoundingClientRect();
          if (found !== undefined && found.top >= view.top - 1 && found.bottom <= view.bottom + 1) {
            resolve(performance.now() - begin);
          } else {
            requestAnimationFrame(look);
          }
        };
        requestAnimationFrame(look);
      }),
    [number, act],
  );
}

/** What the tab's processes use in MB, and their time on a processor so far in ms: on a busy machine, the time that counts. */
async function usage(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const pids = processInfo.filter(({ type }) => type === "renderer").map((process) => process.id);
  const memory = pids.map(
    (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000,
  );
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  await session.detach();
  return { memory: Math.max(...memory), cpu: ticks.reduce((sum, value) => sum + value, 0) * 10 };
}

async function measure(address, lines) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.addInitScript(() => {
    const look = () => {
      if (document.querySelector(".pbc-line") === null) {
        requestAnimationFrame(look);
      } else {
        globalThis.firstText = performance.now();
      }
    };
    requestAnimationFrame(look);
  });
  const steps = [];
  const step = async (name, act) => {
    const before = (await usage(browser)).cpu;
    const wall = await act();
    steps.push(`${name} ${wall.toFixed(0)} (${(await usage(browser)).cpu - before})`);
  };
  const firstText = async () => {
    await page.waitForFunction(() => globalThis.firstText !== undefined);
    return page.evaluate(() => globalThis.firstText);
  };
  await page.goto(address);
  const empty = (await usage(browser)).memory;
  await page.goto(`${address}runs/${id}/console`);
  await firstText();
  // As for everybody who looks at a second run: the pages are in the browser's cache.
  await step("first text", async () => {
    await page.reload();
    return firstText();
  });
  await step("end", () => until(page, lines, "End"));
  await step("middle", () => until(page, Math.floor(lines / 2), "type"));
  await step("home", () => until(page, 1, "Home"));
  if (lines <= 100_000) {
    // All lines are loaded in the background.
    await step("all lines", async () => {
      const begin = performance.now();
      await page.waitForFunction(
        () =>
          document.querySelectorAll(".pbc-chunk").length ===
          document.querySelectorAll(".pbc-chunk > .pbc-line:first-child").length,
        undefined,
        { timeout: 120_000 },
      );
      return performance.now() - begin;
    });
  }
  await page.keyboard.press("Control+f");
  await page.waitForSelector("search input");
  await step("search", () => find(page));
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { memory } = await usage(browser);
  await browser.close();
  process.stdout.write(
    `${lines} lines: ${steps.join(", ")}; memory ${memory.toFixed(0)} MB (an empty page: ${empty.toFixed(0)})\n`,
  );
}

/** Milliseconds until the console says how many lines hold a text. */
function find(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const field = document.querySelector("search input");
        const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
        const begin = performance.now();
        set.call(field, "no space left");
        field.dispatchEvent(new Event("input", { bubbles: true }));
        const look = () =>
          /^\d.* of .* lines/.test(document.querySelector("search output")?.textContent ?? "")
            ? resolve(performance.now() - begin)
            : requestAnimationFrame(look);
        look();
      }),
  );
}

const folder = await mkdtemp(join(tmpdir(), "console-bench-"));
await build({ logLevel: "error", build: { outDir: folder, emptyOutDir: true }, base: "/" });
process.stdout.write("Times in ms; in brackets on a processor.\n");
for (const lines of sizes) {
  const server = createServer((asked, reply) => serve(asked, reply, lines));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  await measure(`http://127.0.0.1:${server.address().port}/`, lines);
  server.closeAllConnections();
  server.close();
}
await rm(folder, { recursive: true });

/** Answers for the collector, and with the pages. */
function serve(asked, reply, lines) {
  const address = new URL(asked.url, "http://bench");
  if (address.pathname.startsWith("/api/")) {
    const body = answer(address, lines);
    reply.writeHead(body === undefined ? 404 : 200, { "Content-Type": "application/json" });
    reply.end(JSON.stringify(body ?? {}));
    return;
  }
  const file = join(folder, address.pathname);
  const found = existsSync(file) && statSync(file).isFile() ? file : join(folder, "index.html");
  const type = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" }[extname(found)];
  const cached = found.includes("/assets/") ? { "Cache-Control": "max-age=3600" } : {};
  reply.writeHead(200, { "Content-Type": type ?? "text/html", ...cached });
  reply.end(readFileSync(found));
}
