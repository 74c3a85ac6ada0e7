/**
 * `test` with a real collector. By default the tests of a worker share one, so each makes runs of its own names; with
 * `test.use({ isolated: true })` a test has one for itself, which it may kill or fill.
 */
import { type BrowserContext, test as base, expect } from "@playwright/test";
import { Collector, type Role } from "./collector";

interface Options {
  /** Who is logged in. */
  as: Role | "nobody";
  /** Whether the test has a collector for itself. */
  isolated: boolean;
  /** The address of the database that an isolated collector has; none: an empty one. */
  history: string | undefined;
}

interface Fixtures extends Options {
  collector: Collector;
  /** Fails the test when a page throws or breaks the policy. */
  faults: string[];
}

interface Shared {
  /** The worker's collector, started when it is first needed. */
  shared: { get(): Promise<Collector> };
}

/** A history that was filled at once would be indexed for many minutes. */
const NOT_INDEXED = "search_index_seconds = 0";

export const test = base.extend<Fixtures, Shared>({
  as: ["admin", { option: true }],
  isolated: [false, { option: true }],
  history: [undefined, { option: true }],

  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern.
    async ({}, use) => {
      let started: Promise<Collector> | undefined;
      await use({
        get: () => {
          started ??= Collector.start();
          return started;
        },
      });
      await (await started)?.close();
    },
    { scope: "worker" },
  ],

  collector: async ({ shared, isolated, history }, use, info) => {
    const collector = isolated ? await Collector.start(history && NOT_INDEXED, history) : await shared.get();
    await use(collector);
    if (info.status !== info.expectedStatus) {
      await info.attach("collector.log", { body: collector.log, contentType: "text/plain" });
    }
    if (isolated) {
      await collector.close();
    }
  },

  baseURL: async ({ collector }, use) => use(`${collector.url}/`),

  context: async ({ context, collector, as }, use) => {
    if (as !== "nobody") {
      await logIn(context, collector.url, await collector.token(as));
    }
    await use(context);
  },

  faults: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(`${error.name}: ${error.message}`));
      page.on("console", (message) => {
        if (message.text().includes("Content Security Policy")) {
          faults.push(message.text());
        }
      });
      await use(faults);
      expect(faults, "what the page threw, or did against the policy").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Whether everything is tested, or only what `make test` has time for. */
export const IS_WHOLE = (process.env.PLAYBACK_TEST_WHOLE ?? "") !== "";

/** Gives a browser the cookie of a login. */
export async function logIn(context: BrowserContext, url: string, token: string): Promise<void> {
  const answer = await context.request.post(`${url}/api/v1/ansible/session`, { data: { token } });
  expect(answer.status()).toBe(200);
}
