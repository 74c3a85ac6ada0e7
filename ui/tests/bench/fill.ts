/** Histories of the size that is measured. */
import type { Collector } from "../harness/collector";
import type { Site } from "../harness/journeys";
import { many, Run } from "../harness/producer";

/** Lines between two tasks. */
const LINES_OF_TASK = 500;

/** Every task has one failed line; a search finds one line in 500. */
export const NEEDLE = "no space left";

/** A run that printed so many lines. */
export async function longRun(collector: Collector, lines: number): Promise<Run> {
  const run = new Run({ playbook: "long.yml" }, 3_600).play("web");
  for (let task = 0; task < lines / LINES_OF_TASK; task += 1) {
    const text = Array.from({ length: LINES_OF_TASK - 2 }, (_, at) => lineOf(task, at)).join("");
    run.task(`step ${task}`).event("output", { text });
    if (task % 100 === 99) {
      await run.send(collector);
    }
  }
  return await run.end(0).send(collector);
}

function lineOf(task: number, at: number): string {
  return at === 250
    ? `\u001b[0;31mfatal: [web-${task}]: FAILED! => {"msg": "${NEEDLE} on device"}\u001b[0m\n`
    : `\u001b[0;32mok: [web-${task}] => (item=package-${at}-with-a-longer-name)\u001b[0m\n`;
}

/** A run of so many tasks on so many hosts; one host in a hundred fails at some task, as hosts do. */
export async function wideRun(collector: Collector, hosts: number, tasks: number): Promise<Run> {
  const run = new Run({ playbook: "wide.yml" }, 3_600).play("web");
  for (let task = 1; task <= tasks; task += 1) {
    run.event("task_started", {
      task,
      play: 1,
      name: `Task number ${task} of the playbook`,
      action: "command",
    });
    for (let host = 1; host <= hosts; host += 1) {
      const isFailed = host % 100 === 7 && task === 1 + (host % tasks);
      run.event("result", {
        task,
        host: `web-${String(host).padStart(4, "0")}`,
        status: isFailed ? "failed" : "ok",
        ...((host + task) % 7 === 0 && { changed: true }),
        content: {},
      });
    }
    if (task % 10 === 0) {
      await run.send(collector);
    }
  }
  return await run.end(2).send(collector);
}

/** So many small runs of 50 playbooks. */
export async function manyRuns(collector: Collector, count: number): Promise<void> {
  await many(count, 64, (number) =>
    new Run({ playbook: `playbook-${number % 50}.yml` }, count - number)
      .play("web")
      .task("install")
      .ok("web-01")
      .end()
      .send(collector),
  );
}

/** The most frequent playbook of the generated history, and its inventory (testkit/src/history/names.rs). */
const RELEASE = { playbook: "playbooks/web/deploy-web-000.yml", inventory: "inventories/prod/hosts.yml" };

/** The first takes part in every third run of the generated history, the second in many. */
const HOSTS = ["gateway", "web000.example.org"] as const;

/** A busy host: in the generated history of a million runs, tasks change it some 450 times a week. */
const BUSY_HOST = "web001.example.org";

const DAY = 86_400;

const SITE: Site = {
  failed: {
    playbook: "deploy-web-000.yml",
    task: "Switch to the new version",
    host: HOSTS[1],
    message: "version 2.0 does not start on web000.example.org",
  },
  running: { playbook: "deploy-web-000.yml", task: "Wait for the load balancer", host: HOSTS[0] },
  changed: { task: "Raise the number of workers", host: BUSY_HOST },
};

/**
 * Adds what the questions are about: a release that worked and then failed, one that goes on, and a task that changed a busy host five
 * and three days ago. In the generated history no run goes on, and the newest is as old as it took to make the history.
 */
export async function siteToAsk(collector: Collector): Promise<Site> {
  const { failed, running, changed } = SITE;
  for (const days of [5, 3]) {
    const run = new Run({ playbook: "playbooks/web/configure.yml" }, days * DAY).play("Configuration");
    await run.task(changed.task).changed(changed.host).end().send(collector);
  }
  const release = (secondsAgo: number) => {
    const run = new Run(RELEASE, secondsAgo).play("Release").task("Announce the release");
    for (const host of HOSTS) {
      run.ok(host);
    }
    return run;
  };
  const upTo = (secondsAgo: number) => release(secondsAgo).task(failed.task).ok(HOSTS[0]);
  await upTo(120).ok(failed.host).end().send(collector);
  await upTo(5).failed(failed.host, failed.message).end().send(collector);
  await release(1).task(running.task).begins(running.host).send(collector);
  return SITE;
}
