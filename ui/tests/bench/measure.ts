/** How long what a person waits for takes in the browser, and what it costs. All times are in milliseconds. */
import { appendFileSync, readFileSync } from "node:fs";
import { type Browser, expect, type Page } from "@playwright/test";
import type { Way } from "../harness/journeys";

/** Notes when something that the selector finds is first in the document, from the start of the navigation on. */
export async function watchFor(page: Page, selector: string): Promise<() => Promise<number>> {
  await page.addInitScript((sought) => {
    const look = () => {
      if (document.querySelector(sought) === null) {
        requestAnimationFrame(look);
      } else {
        Reflect.set(window, "firstSeen", performance.now());
      }
    };
    requestAnimationFrame(look);
  }, selector);
  return async () => {
    const seen = await page.waitForFunction(() => Reflect.get(window, "firstSeen"), undefined, {
      timeout: 120_000,
    });
    return Number(await seen.jsonValue());
  };
}

/** The median of some visits: a busy machine makes any single one slow. */
export async function median(visits: number, visit: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < visits; at += 1) {
    times.push(await visit());
  }
  times.sort((one, other) => one - other);
  return times[visits >> 1] ?? 0;
}

/** From a key until the line of that number (from 1) is in view. */
export function untilLine(page: Page, key: string, number: number): Promise<number> {
  return page.evaluate(
    ([pressed, sought]) =>
      new Promise<number>((resolve, reject) => {
        const begin = performance.now();
        const scroller = document.querySelector(".pbc-scroller");
        if (scroller === null) {
          reject(new Error("there is no console"));
          return;
        }
        scroller.dispatchEvent(new KeyboardEvent("keydown", { key: pressed, bubbles: true }));
        const look = () => {
          const line = document.querySelector(`.pbc-line[data-n="${sought}"]`)?.getBoundingClientRect();
          const view = scroller.getBoundingClientRect();
          if (line !== undefined && line.top >= view.top - 1 && line.bottom <= view.bottom + 1) {
            resolve(performance.now() - begin);
          } else {
            requestAnimationFrame(look);
          }
        };
        requestAnimationFrame(look);
      }),
    [key, number] as const,
  );
}

/** From the text in the console's search until it says how many lines hold it. */
export function untilFound(page: Page, text: string): Promise<number> {
  return page.evaluate(
    (sought) =>
      new Promise<number>((resolve) => {
        const field = document.querySelector("search input");
        const begin = performance.now();
        // As if it were typed: React listens for the event.
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, sought);
        field?.dispatchEvent(new Event("input", { bubbles: true }));
        const look = () => {
          const said = document.querySelector("search output")?.textContent ?? "";
          if (/of .* lines/.test(said)) {
            resolve(performance.now() - begin);
          } else {
            requestAnimationFrame(look);
          }
        };
        look();
      }),
    text,
  );
}

/** Scrolls an element for three seconds, further in each frame than a person does; the time between frames. */
export async function scrollFrames(page: Page, selector: string) {
  const times = await page.evaluate(async (sought) => {
    const scroller = document.querySelector(sought);
    const deltas: number[] = [];
    const begin = performance.now();
    let last = begin;
    await new Promise<void>((resolve) => {
      const step = (now: number) => {
        deltas.push(now - last);
        last = now;
        if (scroller !== null) {
          scroller.scrollTop += 700;
          scroller.scrollLeft += 40;
          if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1) {
            scroller.scrollTo(0, 0);
          }
        }
        if (now - begin < 3_000) {
          requestAnimationFrame(step);
        } else {
          resolve();
        }
      };
      requestAnimationFrame(step);
    });
    return deltas.slice(1);
  }, selector);
  times.sort((one, other) => one - other);
  return { count: times.length, middle: times[times.length >> 1] ?? 0, worst: times.at(-1) ?? 0 };
}

/** The memory of the tab's process after a garbage collection, in MB. */
export async function tabMemory(browser: Browser, page: Page): Promise<number> {
  const tab = await page.context().newCDPSession(page);
  await tab.send("HeapProfiler.collectGarbage");
  await tab.detach();
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sizes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]) / 1000);
  return Math.max(...sizes);
}

/** Notes when something is clicked, in the documents to come. */
export async function noteClicks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const note = ({ timeStamp }: Event) => Reflect.set(window, "clicked", performance.timeOrigin + timeStamp);
    window.addEventListener("click", note, { capture: true });
  });
}

/** Goes a way to its end: from the last click until the answer is seen. It is looked for every 20 ms. */
export async function untilAnswered(page: Page, { clicks, answer, gone = [] }: Way): Promise<number> {
  for (const target of clicks) {
    await target.click();
  }
  const isAnswered = async () => {
    const seen = await Promise.all(answer.map((part) => part.isVisible()));
    const left = await Promise.all(gone.map((part) => part.count()));
    return seen.every((is) => is) && left.every((count) => count === 0);
  };
  await expect.poll(isAnswered, { intervals: [20], timeout: 60_000 }).toBe(true);
  const answered = Date.now();
  return answered - (await page.evaluate(() => Number(Reflect.get(window, "clicked"))));
}

interface Figure {
  value: number;
  /** What it may be; undefined if there is no target. */
  most: number | undefined;
  unit: string;
}

/** A row of the table: the figure, and what it may be at most. */
export function row(name: string, value: number, most: number | undefined, unit: string): void {
  rowOf(name, [{ value, most, unit }]);
}

/** A row of several figures. `BENCH_ROWS` is a file for whoever makes another table of them. */
export function rowOf(name: string, figures: readonly Figure[]): void {
  const file = process.env.BENCH_ROWS;
  if (file !== undefined) {
    appendFileSync(file, `${JSON.stringify({ name, figures })}\n`);
  }
  const targets = figures.filter(({ most }) => most !== undefined);
  const measured = figures.map(({ value, unit }) => `${value.toFixed(0)} ${unit}`.trimEnd()).join(" / ");
  const limits = targets.map(({ most, unit }) => `≤ ${most} ${unit}`).join(" / ");
  const verdict = targets.some(({ value, most = value }) => value > most) ? "  too much" : "";
  process.stdout.write(`T12  ${name.padEnd(52)} ${measured.padStart(20)}  ${limits}${verdict}\n`);
}
