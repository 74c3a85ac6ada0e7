/**
 * What somebody wants to know who has read no manual, and the way to the answer from the bare address. The tests take these ways on a
 * few real runs, the benchmark on a history of a million.
 */
import type { Locator, Page } from "@playwright/test";

/** Clicks to an answer, at most. */
export const MOST_CLICKS = 3;

/** A task on a host. */
interface Place {
  readonly task: string;
  readonly host: string;
}

/** A run, by the file name of its playbook, at this task on this host. */
interface RunAt extends Place {
  readonly playbook: string;
}

/** What the history holds that is asked about. */
export interface Site {
  /** The newest failed run: the playbook worked on the host before, and the error is a new one. */
  readonly failed: RunAt & { readonly message: string };
  /** The newest run that goes on. */
  readonly running: RunAt;
  /** Two runs changed something there in the last week, and maybe others changed much else. */
  readonly changed: Place;
}

export interface Way {
  /** What is clicked, one after the other. */
  readonly clicks: readonly Locator[];
  /** What is seen then, all of it. Each is one element, and most are not there before the last click. */
  readonly answer: readonly Locator[];
  /** What was seen before, and is not any more. */
  readonly gone?: readonly Locator[];
}

export interface Question {
  readonly words: string;
  way(page: Page, site: Site): Way;
}

/** The rows of the playbook's runs with this status. */
function rows(page: Page, { playbook }: RunAt, status: string): Locator {
  return page.getByRole("row").filter({ hasText: playbook }).filter({ hasText: status });
}

/** From the list to the newest run of the playbook with this status. The list is narrowed first: a busy site has many others. */
function toRun(page: Page, run: RunAt, status: "Failed" | "Running"): Locator[] {
  return [
    page.getByRole("button", { name: status, exact: true }),
    rows(page, run, status).getByRole("link", { name: run.playbook, exact: true }).first(),
  ];
}

/** From the list to the failed run. */
export function toFailedRun(page: Page, { failed }: Site): Locator[] {
  return toRun(page, failed, "Failed");
}

/** The card of the failed run's error. */
function failure(page: Page, { failed }: Site): Locator {
  return page.getByRole("article").filter({ hasText: failed.message });
}

const FAILED_TODAY: Question = {
  words: "which runs failed today?",
  way: (page, { failed }) => ({
    clicks: [
      page.getByRole("button", { name: "Views" }),
      page.getByRole("menuitem", { name: "Failed today" }),
    ],
    answer: [rows(page, failed, "Failed").first()],
    // All runs were listed before.
    gone: [page.getByRole("row").filter({ hasText: "Success" })],
  }),
};

const WHY: Question = {
  words: "why did it fail, and on which hosts?",
  way: (page, site) => ({
    clicks: toFailedRun(page, site),
    answer: [
      failure(page, site).filter({ hasText: "failed on 1 host" }).filter({ hasText: site.failed.task }),
      failure(page, site).getByRole("link", { name: site.failed.host, exact: true }),
    ],
  }),
};

const SINCE_WHEN: Question = {
  words: "since when does it fail?",
  way: (page, site) => ({
    clicks: toFailedRun(page, site),
    answer: [
      failure(page, site).getByText("for the first time"),
      // When it last worked, with the way to that run.
      failure(page, site).getByText("Last worked").locator("..").locator("time"),
    ],
  }),
};

const DIFFERENT: Question = {
  words: "what is different from the last good run?",
  way: (page, site) => {
    const different = page.getByRole("region", { name: "What is different" });
    const main = page.getByRole("main");
    return {
      clicks: [...toFailedRun(page, site), page.getByRole("link", { name: "Compare", exact: true })],
      answer: [
        different.getByText(`failed at “${site.failed.task}”, and did not before`),
        main.getByRole("link", { name: site.failed.host, exact: true }).first(),
        main.filter({ hasText: site.failed.message }),
      ],
    };
  },
};

export const RUNS_NOW: Question = {
  words: "what runs now, and what does it wait for?",
  way: (page, { running }) => ({
    clicks: toRun(page, running, "Running"),
    answer: [
      page.getByRole("heading", { name: `Running now: ${running.task}` }),
      page.getByRole("listitem").filter({ hasText: `${running.host} in ${running.task}` }),
    ],
  }),
};

const CHANGED: Question = {
  words: "what changed on a host in the last week?",
  way: (page, { changed }) => {
    // One row, whatever else changed the host.
    const task = page.getByRole("row").filter({ hasText: changed.task });
    return {
      clicks: [
        page.getByRole("link", { name: "Hosts", exact: true }),
        page.getByRole("link", { name: changed.host, exact: true }),
        page.getByRole("tab", { name: "Changes" }),
      ],
      answer: [
        page.getByRole("status").filter({ hasText: "in the last 7 days, by" }),
        task.locator("td[data-label=Changes]").filter({ hasText: /^2$/ }),
        task.locator("td[data-label=First] time"),
        task.locator("td[data-label=Last] time"),
        task.getByRole("link", { name: `Result of ${changed.task}` }),
      ],
    };
  },
};

export const QUESTIONS: readonly Question[] = [FAILED_TODAY, WHY, SINCE_WHEN, DIFFERENT, RUNS_NOW, CHANGED];
