import type { Page } from "@playwright/test";
import type { NotificationDeliveryDetail, NotificationTarget } from "../src/api/types";
import { Collector } from "./harness/collector";
import { Run } from "./harness/producer";
import { isSigned, Receiver } from "./harness/receiver";
import { test as base, expect, logIn } from "./harness/test";

const test = base.extend<{ receiver: Receiver }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads which fixtures are needed from the pattern.
  receiver: async ({}, use) => {
    const receiver = await Receiver.start();
    await use(receiver);
    await receiver.close();
  },
});

/** A run of a playbook with labels. */
function nightly(playbook: string, isGood: boolean, labels = ["nightly"]): Run {
  const run = new Run({ playbook, inventory: "prod", labels }, 60).play("All").task("Dump the database");
  return (isGood ? run.ok("db-01") : run.failed("db-01", "no space left on device")).end();
}

/** Fills the form for a webhook, as far as it must be filled. */
async function fillWebhook(page: Page, name: string, url: string): Promise<void> {
  await page.getByRole("textbox", { name: "Name", exact: true }).fill(name);
  await page.getByLabel("Send to").selectOption({ label: "Webhook, signed" });
  await page.getByRole("textbox", { name: "Address" }).fill(url);
}

const create = (page: Page) => page.getByRole("button", { name: "Create the target" }).click();

test.describe("ops in five minutes", () => {
  test.use({ isolated: true });

  test("told when a nightly playbook breaks and recovers, from the form alone", async ({
    page,
    collector,
    receiver,
  }) => {
    await nightly("backup.yml", true).send(collector);
    await page.goto("");
    await page
      .getByRole("navigation", { name: "Pages" })
      .getByRole("link", { name: "Notifications" })
      .click();
    await expect(page.getByText("There are no targets yet")).toBeVisible();
    await page.getByRole("link", { name: "New target" }).click();

    await fillWebhook(page, "ops", receiver.url);
    for (const usual of ["A playbook breaks", "It recovers", "It does not run"]) {
      await expect(page.getByRole("checkbox", { name: usual })).toBeChecked();
    }
    await page.getByRole("combobox", { name: "Of which runs" }).fill("label:nightly");
    await expect(page.getByText("The last that match:")).toContainText("backup.yml");
    await create(page);

    await expect(page.getByRole("heading", { level: 1 })).toContainText("ops");
    const shown = page.getByRole("textbox", { name: "The secret to sign with" });
    const secret = await shown.inputValue();
    expect(secret).toMatch(/^whsec_/);
    await page.getByRole("button", { name: "Send a test" }).click();
    await expect(page.getByText(/It arrived: the receiver answered 204/)).toBeVisible();
    const [example] = receiver.received;
    expect(example && isSigned(example, secret)).toBe(true);

    await page.reload();
    await expect(page.getByRole("heading", { name: "Notification settings" })).toBeVisible();
    await expect(shown).toHaveCount(0);

    await nightly("other.yml", true, []).send(collector);
    await nightly("other.yml", false, []).send(collector);
    await nightly("backup.yml", false).send(collector);
    await expect.poll(() => receiver.types.slice(1)).toEqual(["run.broke"]);
    await nightly("backup.yml", true).send(collector);
    await expect.poll(() => receiver.types.slice(1)).toEqual(["run.broke", "run.recovered"]);

    const broke = page.getByRole("row").filter({ hasText: "backup.yml on prod broke" });
    await expect(broke).toContainText("Delivered");
    await broke.getByRole("button", { name: "Details" }).click();
    await expect(page.getByText(/^POST http:\/\/127\.0\.0\.1/)).toBeVisible();
    await expect(page.getByText(/no space left on device/)).toBeVisible();
    await expect(page).toHaveURL(/delivery=/);
    await page.reload();
    await expect(page.getByText(/no space left on device/)).toBeVisible();
  });
});

test("what the collector refuses is said at the field", async ({ page, receiver }) => {
  await page.goto("notifications/-/new");
  await fillWebhook(page, "wrong", "http://10.1.2.3/hook");
  await create(page);
  const address = page.getByRole("textbox", { name: "Address" });
  await expect(address).toHaveAttribute("aria-invalid", "true");
  await expect(address).toBeFocused();
  await expect(page.getByText(/notifications\.allow_networks/)).toBeVisible();
  await address.fill(receiver.url);
  await page.getByRole("combobox", { name: "Of which runs" }).fill("status:nonsense");
  await expect(page.getByText(/Column 8/)).toBeVisible();
  await page.getByRole("combobox", { name: "Of which runs" }).fill("");
  await create(page);
  await expect(page.getByRole("button", { name: "Send a test" })).toBeVisible();

  // Another one of that name would take its place.
  await page.goto("notifications/-/new");
  await fillWebhook(page, "wrong", receiver.url);
  await create(page);
  await expect(page.getByText('A target named "wrong" exists already')).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Name", exact: true })).toBeFocused();
});

test("a message that did not arrive is in the log, and is sent again", async ({ page, receiver }) => {
  receiver.status = 400;
  await page.goto("notifications/-/new");
  await fillWebhook(page, "again", receiver.url);
  await create(page);
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText(/It did not arrive:.*400/)).toBeVisible();
  await page.getByRole("button", { name: "Failed", exact: true }).click();
  await expect(page).toHaveURL(/state=failed/);
  const row = page.getByRole("row").filter({ hasText: "a test" });
  await expect(row).toContainText("Failed");
  // The list counts it, and leads here.
  await page.goto("notifications");
  const listed = page.getByRole("row").filter({ has: page.getByRole("link", { name: "again" }) });
  await listed.getByRole("link", { name: "1", exact: true }).click();
  await expect(page).toHaveURL(/again\?state=failed/);
  receiver.status = 204;
  await row.getByRole("button", { name: /^Send again/ }).click();
  await expect(page.getByText("No messages in this state")).toBeVisible();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await expect(row).toContainText("Delivered");
  expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test("a target is changed without its secrets, paused, rotated and removed", async ({
  page,
  collector,
  receiver,
}) => {
  await page.goto("notifications/-/new");
  await fillWebhook(page, "edited", receiver.url);
  await create(page);
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByRole("textbox", { name: "Address" })).toHaveValue("");
  await page.getByRole("button", { name: "More reasons" }).click();
  await page.getByRole("checkbox", { name: "A run is lost" }).check();
  await page.getByRole("button", { name: "Quiet hours, digest, limit" }).click();
  await page.getByRole("spinbutton", { name: "Messages per hour, at most" }).fill("0");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(/It must be at least 1/)).toBeVisible();
  await page.getByRole("spinbutton", { name: "Messages per hour, at most" }).fill("5");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("a run is lost")).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText(/It arrived/)).toBeVisible();

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Paused")).toBeVisible();
  await page.getByRole("button", { name: "Switch on" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: /Rotate/ }).click();
  await page.getByRole("button", { name: "Rotate", exact: true }).click();
  const secret = await page.getByRole("textbox", { name: "The secret to sign with" }).inputValue();
  const { delivery } = await collector.ask<NotificationDeliveryDetail>(
    "POST",
    "/notifications/targets/edited/test",
  );
  expect(delivery.state).toBe("delivered");
  const last = receiver.received.at(-1);
  expect(last && isSigned(last, secret)).toBe(true);

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: /Remove/ }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page).toHaveURL(/\/notifications$/);
  await expect(page.getByRole("link", { name: "edited" })).toHaveCount(0);
});

test("a target of the configuration is shown as it is, and can be tried", async ({
  page,
  context,
  receiver,
}) => {
  const filed = await Collector.start(
    "",
    undefined,
    `[notifications.targets.filed]\nkind = "webhook"\nurl = "${receiver.url}"\nsigning_secrets = ["whsec_${"A".repeat(43)}="]\nrules = [{ on = ["broke"] }]`,
  );
  await logIn(context, filed.url, await filed.token("admin"));
  await page.goto(`${filed.url}/notifications/filed`);
  await expect(page.getByText(/The configuration file defines it/)).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText(/It arrived/)).toBeVisible();
  for (const name of ["Edit", "Pause", "More actions"]) {
    await expect(page.getByRole("button", { name }).or(page.getByRole("link", { name }))).toHaveCount(0);
  }
  await filed.close();
});

test("without a key the form says so before anything is typed", async ({ page, context }) => {
  const keyless = await Collector.start("", undefined, "", false);
  await logIn(context, keyless.url, await keyless.token("admin"));
  for (const path of ["notifications", "notifications/-/new"]) {
    await page.goto(`${keyless.url}/${path}`);
    await expect(page.getByText(/The collector has no key/)).toBeVisible();
    await expect(page.getByText("key_file")).toBeVisible();
  }
  await keyless.close();
});

test("the login at a mail server is removed again", async ({ page, collector }) => {
  const mail = { kind: "mail", server: "mail.example.org", from: "a@example.org", to: ["b@example.org"] };
  await collector.ask("PUT", "/notifications/targets/mail", { ...mail, username: "u", password: "hunter2" });
  await page.goto("notifications/mail/edit");
  await expect(page.getByRole("textbox", { name: "User at the mail server" })).toHaveValue("u");
  await page.getByRole("checkbox", { name: /^Send without a login/ }).check();
  await expect(page.getByRole("textbox", { name: "User at the mail server" })).toHaveValue("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Send a test" })).toBeVisible();
  const target = await collector.ask<NotificationTarget>("GET", "/notifications/targets/mail");
  expect(target.secrets).toEqual([]);
});

test("the token of a template is used, stays where none is typed, and is removed", async ({
  page,
  collector,
  receiver,
}) => {
  await page.goto("notifications/-/new");
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("pushed");
  await page.getByLabel("Send to").selectOption({ label: "Another HTTP request, by a template" });
  await page.getByRole("textbox", { name: "Address" }).fill(receiver.url);
  await page.getByRole("textbox", { name: "Body" }).fill('{"key": {{ token | tojson }}}');
  const token = page.getByLabel("Token", { exact: true });
  await token.fill("hunter2");
  await create(page);
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText(/It arrived/)).toBeVisible();
  expect(receiver.received.at(-1)?.body).toBe('{"key": "hunter2"}');

  const stored = async () =>
    (await collector.ask<NotificationTarget>("GET", "/notifications/targets/pushed")).secrets;
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(token).toHaveValue("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Send a test" })).toBeVisible();
  expect(await stored()).toEqual(["url", "token"]);

  await page.getByRole("link", { name: "Edit" }).click();
  await page.getByRole("textbox", { name: "Body" }).fill('{"text": {{ title | tojson }}}');
  await page.getByRole("checkbox", { name: "Remove the stored token" }).check();
  await expect(token).toBeDisabled();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("button", { name: "Send a test" })).toBeVisible();
  expect(await stored()).toEqual(["url"]);
});

test("a target that was removed meanwhile does not come back by its form", async ({
  page,
  collector,
  receiver,
}) => {
  const slack = { kind: "slack", url: receiver.url };
  await collector.ask("PUT", "/notifications/targets/gone", slack);
  await page.goto("notifications/gone/edit");
  await page.getByRole("textbox", { name: "Address" }).fill(receiver.url);
  await collector.ask("DELETE", "/notifications/targets/gone");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText(/There is no target named "gone" to change/)).toBeVisible();
  const { targets } = await collector.ask<{ targets: NotificationTarget[] }>("GET", "/notifications/targets");
  expect(targets.map(({ name }) => name)).not.toContain("gone");
});
