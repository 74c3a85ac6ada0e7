import type { Page } from "@playwright/test";
import { Collector } from "./harness/collector";
import { expectAccessible } from "./harness/look";
import { failedRun, goodRun, Run } from "./harness/producer";
import { expect, test } from "./harness/test";

/** A small history: a good run, a failed one of the same playbook, and one that goes on. */
async function history(collector: Collector) {
  const hosts = ["web-01", "web-02", "db-01"];
  const good = await goodRun("site.yml", hosts, 7200).send(collector);
  const failed = await failedRun("site.yml", hosts, 600).send(collector);
  const going = new Run({ playbook: "backup.yml", inventory: "prod" }, 30).play("Databases").task("Dump");
  await going.begins("db-01").send(collector);
  await collector.ask("PUT", "/notifications/targets/ops", {
    kind: "slack",
    url: "https://hooks.example.org/services/x",
    rules: [{ on: ["broke", "waiting"], query: "label:nightly" }],
    quiet: [{ from: "22:00", to: "06:00", days: ["sat"] }],
  });
  await collector.ask("POST", "/schedules", {
    name: "nightly",
    cron: "30 3 * * mon-fri",
    zone: "Europe/Berlin",
    overlap: "queue",
    run: { playbook: "configure.yml", inventory: "hosts.ini", extra_vars: { release: "1.4" } },
  });
  return { good, failed, going };
}

type History = Awaited<ReturnType<typeof history>>;

interface Look {
  name: string;
  path: (history: History) => string;
  /** What tells that it is all there. */
  shows: (page: Page) => Promise<void>;
}

const see = (page: Page, text: string | RegExp) => expect(page.getByText(text).first()).toBeVisible();

const LOOKS: readonly Look[] = [
  {
    name: "runs",
    path: () => "runs",
    shows: async (page) => {
      await expect(page.getByRole("row").filter({ hasText: "site.yml" })).toHaveCount(2);
      await expect(page.getByRole("row").filter({ hasText: "backup.yml" })).toContainText("Running");
    },
  },
  {
    name: "summary-failed",
    path: ({ failed }) => `runs/${failed.id}`,
    shows: async (page) => {
      await see(page, "nginx: configuration file test failed");
      await see(page, "db-01");
    },
  },
  { name: "summary-good", path: ({ good }) => `runs/${good.id}`, shows: (page) => see(page, "Success") },
  {
    name: "summary-running",
    path: ({ going }) => `runs/${going.id}`,
    shows: async (page) => {
      await see(page, "Running");
      await see(page, "db-01");
    },
  },
  {
    name: "console",
    path: ({ failed }) => `runs/${failed.id}/console`,
    shows: (page) => see(page, /^fatal: \[db-01\]: FAILED!/),
  },
  {
    name: "tasks",
    path: ({ failed }) => `runs/${failed.id}/tasks`,
    shows: (page) => see(page, "Start nginx"),
  },
  {
    name: "matrix",
    path: ({ failed }) => `runs/${failed.id}/matrix`,
    shows: async (page) => {
      await expect(page.getByRole("grid")).toBeAttached();
    },
  },
  {
    name: "timeline",
    path: ({ failed }) => `runs/${failed.id}/timeline`,
    shows: (page) => see(page, "Start nginx"),
  },
  {
    name: "result",
    path: ({ failed }) => `runs/${failed.id}/results/2/db-01`,
    shows: (page) => see(page, "nginx: configuration file test failed"),
  },
  {
    name: "compare",
    path: ({ failed }) => `compare/${failed.id}`,
    shows: (page) => see(page, "Start nginx"),
  },
  {
    name: "hosts",
    path: () => "hosts",
    shows: (page) => expect(page.getByRole("row").filter({ hasText: "db-01" })).toBeVisible(),
  },
  {
    name: "host",
    path: () => "hosts/db-01",
    shows: (page) => expect(page.getByRole("heading", { level: 1 })).toContainText("db-01"),
  },
  {
    name: "host-changes",
    path: () => "hosts/db-01?tab=changes",
    shows: (page) => expect(page.getByRole("row").filter({ hasText: "Install nginx" })).toBeVisible(),
  },
  { name: "trends", path: () => "trends", shows: (page) => see(page, "site.yml") },
  {
    name: "search",
    path: () => "search?q=configuration",
    shows: (page) => see(page, /configuration file test failed/),
  },
  { name: "launch", path: () => "launch", shows: (page) => see(page, "Playbook") },
  { name: "schedules", path: () => "schedules", shows: (page) => see(page, "Monday to Friday at 03:30") },
  { name: "schedule", path: () => "schedules/nightly", shows: (page) => see(page, "Next times") },
  { name: "schedule-new", path: () => "schedules/-/new", shows: (page) => see(page, "Next ten times") },
  { name: "schedule-edit", path: () => "schedules/nightly/edit", shows: (page) => see(page, "Wait for it") },
  { name: "notifications", path: () => "notifications", shows: (page) => see(page, "label:nightly") },
  { name: "target", path: () => "notifications/ops", shows: (page) => see(page, "Nothing was sent yet") },
  {
    name: "target-new",
    path: () => "notifications/-/new",
    shows: (page) => see(page, "All runs. The last:"),
  },
  { name: "target-edit", path: () => "notifications/ops/edit", shows: (page) => see(page, "Quiet hours") },
  { name: "audit", path: () => "audit", shows: (page) => see(page, "Audit") },
  { name: "settings", path: () => "settings", shows: (page) => see(page, "Settings") },
  { name: "not-found", path: () => "no/such/page", shows: (page) => see(page, "Nothing is at this address") },
];

/** Tests that only look share a collector with its history. */
const look = test.extend<object, { gallery: { collector: Collector; shown: History } }>({
  gallery: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern.
    async ({}, use) => {
      const collector = await Collector.start();
      await use({ collector, shown: await history(collector) });
      await collector.close();
    },
    { scope: "worker" },
  ],
  collector: async ({ gallery }, use) => use(gallery.collector),
});

for (const { name, path, shows } of LOOKS) {
  look(`${name}: axe finds nothing in either theme`, async ({ page, gallery }) => {
    await page.goto(path(gallery.shown));
    await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
    await shows(page);
    await page.waitForLoadState("networkidle");
    await expectAccessible(page, name);
  });
}

look("what opens above a page: axe finds nothing in either theme", async ({ page, gallery }) => {
  const { failed } = gallery.shown;
  await page.goto("runs?playbook=site.yml");
  await page.getByRole("button", { name: "Views" }).click();
  await expect(page.getByRole("menuitem", { name: "Failed today" })).toBeVisible();
  await expectAccessible(page, "above-views");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByRole("dialog", { name: "Add a filter" })).toBeVisible();
  await expectAccessible(page, "above-filter");

  await page.goto(`runs/${failed.id}`);
  for (const action of ["Pin", "Redact", "Delete"]) {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: new RegExp(`^${action}`) }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await expectAccessible(page, `above-${action.toLowerCase()}`);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
  }

  await page.goto(`runs/${failed.id}/console#L2-L4`);
  await page.getByRole("region", { name: "Output" }).press("Control+f");
  await expect(page.getByRole("searchbox")).toBeVisible();
  await expectAccessible(page, "above-console");
});

test.describe(() => {
  test.use({ isolated: true });

  test("a new collector says what to do first, with its own address", async ({ page, collector }) => {
    await page.goto("");
    const lines = page.getByRole("textbox", { name: "Lines for ansible.cfg" });
    await expect(lines).toBeVisible();
    const text = await lines.evaluate((field: HTMLTextAreaElement) => field.value ?? field.textContent);
    expect(text).toContain("callbacks_enabled = playback.history.recorder");
    expect(text).toContain(`url = ${collector.url}`);
    await expectAccessible(page, "first-steps");
    await goodRun("first.yml").send(collector);
    await expect(page.getByRole("row").filter({ hasText: "first.yml" })).toBeVisible();
  });
});

test.describe(() => {
  test.use({ as: "nobody" });

  test("login: axe finds nothing in either theme", async ({ page }) => {
    await page.goto("login");
    await expect(page.getByLabel("Token")).toBeVisible();
    await expectAccessible(page, "login");
  });
});
