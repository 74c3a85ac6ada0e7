import { failedRun, goodRun, type Run } from "./harness/producer";
import { expect, test } from "./harness/test";

const TABS = ["", "/console", "/tasks", "/matrix", "/timeline", "/results/2/web-02"];

/** Every page; what needs a run is that run's. */
function pages(run: Run, other: Run): string[] {
  return [
    "runs",
    ...TABS.map((tab) => `runs/${run.id}${tab}`),
    `compare/${run.id}`,
    `compare/${run.id}/${other.id}`,
    "hosts",
    "hosts/web-01",
    "trends",
    "search?q=nginx",
    "launch",
    "audit",
    "settings",
    "login",
    "no/such/page",
  ];
}

test("no page does what the policy forbids, and nothing comes from elsewhere", async ({
  page,
  collector,
}) => {
  const good = await goodRun("policy.yml", undefined, 120).send(collector);
  const bad = await failedRun("policy.yml").send(collector);
  const broken: string[] = [];
  const elsewhere: string[] = [];
  await page.exposeFunction("noteViolation", (what: string) => broken.push(what));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      // @ts-expect-error: exposed above
      void window.noteViolation(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`);
    });
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(collector.url) && !request.url().startsWith("data:")) {
      elsewhere.push(request.url());
    }
  });
  for (const path of pages(bad, good)) {
    const answer = await page.goto(path);
    const policy = answer?.headers()["content-security-policy"];
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).not.toContain("unsafe");
    await expect(page.getByRole("heading", { level: 1 }), path).toBeVisible();
    await page.waitForLoadState("networkidle");
    await expect(page.getByText(/Could not show|Something went wrong/), path).toHaveCount(0);
  }
  expect(broken).toEqual([]);
  expect(elsewhere).toEqual([]);
});
