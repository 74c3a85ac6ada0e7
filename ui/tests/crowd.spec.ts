import { many, Run } from "./harness/producer";
import { expect, IS_WHOLE, test } from "./harness/test";

/**
 * As many runs as a large site starts when its schedulers wake at the full hour. `make test` starts fewer, which are still
 * many more than the list shows: taking in the rest would keep both cores busy for a minute.
 */
const RUNS = IS_WHOLE ? 10_000 : 1_000;

test.describe(`when ${RUNS} runs start at once`, () => {
  test.use({ isolated: true });

  test("the list does not jump under the pointer, and shows them when it is left", async ({
    page,
    collector,
  }) => {
    test.setTimeout(180_000);
    await many(30, 10, (number) =>
      new Run({ playbook: `before-${number}.yml` }, 3_600 - number).end(0).send(collector),
    );
    await page.goto("runs");
    const row = page.getByRole("row").filter({ hasText: "before-20.yml" });
    await row.hover();
    const place = await row.boundingBox();

    let started = 0;
    const all = many(RUNS, 64, async (number) => {
      await new Run({ playbook: `crowd-${number % 50}.yml` }, 0).send(collector);
      started += 1;
    });
    const waiting = page.getByRole("button", { name: /new runs?/ });
    await expect(waiting).toBeVisible();
    // Looked at again and again while they start: the row stays where it is, and is still that run's.
    await expect
      .poll(
        async () => {
          expect(await row.boundingBox()).toEqual(place);
          return started;
        },
        { timeout: 150_000, intervals: [500] },
      )
      .toBe(RUNS);
    await all;
    await row.getByRole("link", { name: "before-20.yml" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText("before-20.yml");

    // Nobody points at the list any more.
    await page.goBack();
    await page.mouse.move(5, 5);
    await expect(
      page
        .getByRole("row")
        .filter({ hasText: /crowd-\d+\.yml/ })
        .first(),
    ).toBeVisible();
  });
});
