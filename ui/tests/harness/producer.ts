/** Sends runs to a collector as the recorder does: numbered events, one JSON object a line, in batches. */
import { randomBytes } from "node:crypto";
import type { Collector } from "./collector";

type Json = Record<string, unknown>;
type Outcome = "ok" | "changed" | "failed" | "unreachable" | "skipped";
type Counts = { [outcome in Outcome]: number };

const COLOURS: { [outcome in Outcome]: number } = {
  ok: 32,
  changed: 33,
  failed: 31,
  unreachable: 31,
  skipped: 36,
};

/** UUID version 7: its first digits are the time, so ids sort by it. */
export function newId(ms = Date.now()): string {
  const digits = ms.toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
  const version = `7${digits.slice(13, 16)}`;
  const variant = `8${digits.slice(17, 20)}`;
  return [digits.slice(0, 8), digits.slice(8, 12), version, variant, digits.slice(20)].join("-");
}

/**
 * A run as it is recorded, with what Ansible prints about it:
 *
 *     await new Run({ playbook: "site.yml" }).play("web").task("install").changed("web-01").end().send(collector);
 *
 * What was sent is not sent again, so a run can go on while somebody looks.
 */
export class Run {
  readonly id: string;
  readonly #lines: string[] = [];
  readonly #recap = new Map<string, Counts>();
  #sent = 0;
  #at: number;
  #play = 0;
  #task = 0;

  /** `started` is what the first event says; the run began `secondsAgo`. */
  constructor(started: Json = {}, secondsAgo = 60) {
    const ms = Date.now() - secondsAgo * 1000;
    this.#at = ms * 1000;
    this.id = newId(ms);
    this.event("execution_started", { type: "playbook", playbook: "site.yml", user: "ann", ...started });
  }

  /** Any event. */
  event(kind: string, data: Json): this {
    this.#lines.push(JSON.stringify({ seq: this.#lines.length + 1, at: this.#at, kind, data }));
    this.#at += 1_000;
    return this;
  }

  /** Lets time pass. */
  after(seconds: number): this {
    this.#at += seconds * 1e6;
    return this;
  }

  /** Something is printed, about the last event unless it is not about any. */
  prints(text: string, of: number | undefined = this.#lines.length): this {
    return this.event("output", { text, of });
  }

  play(name: string): this {
    this.#play += 1;
    this.event("play_started", { play: this.#play, name, hosts: "all", strategy: "linear" });
    return this.prints(`\nPLAY [${name}] ${"*".repeat(40)}\n`);
  }

  task(name: string, more: Json = {}): this {
    this.#task += 1;
    const place = { path: "roles/web/tasks/main.yml", line: this.#task };
    this.event("task_started", {
      task: this.#task,
      play: this.#play,
      name,
      action: "command",
      ...place,
      ...more,
    });
    return this.prints(`\nTASK [${name}] ${"*".repeat(40)}\n`);
  }

  /** The task is handed to a host, which works on it from now on. The groups of the host are told with its first task. */
  begins(host: string, groups?: readonly string[]): this {
    return this.event("host_started", { task: this.#task, host, groups });
  }

  ok(host: string, content: Json = { msg: "fine" }): this {
    return this.#result(host, "ok", content, `ok: [${host}]`);
  }

  changed(host: string, content: Json = { changed: true }): this {
    return this.#result(host, "changed", content, `changed: [${host}]`);
  }

  skipped(host: string): this {
    return this.#result(host, "skipped", {}, `skipping: [${host}]`);
  }

  failed(host: string, msg = "no space left on device", more: Json = {}): this {
    const content = { msg, ...more };
    return this.#result(host, "failed", content, `fatal: [${host}]: FAILED! => ${JSON.stringify(content)}`);
  }

  unreachable(host: string, msg = "Connection refused"): this {
    const content = { msg };
    return this.#result(
      host,
      "unreachable",
      content,
      `fatal: [${host}]: UNREACHABLE! => ${JSON.stringify(content)}`,
    );
  }

  /** The recap and the end: by default with the exit code that Ansible would have. */
  end(exitCode?: number): this {
    const hosts = [...this.#recap];
    this.event("stats", {
      hosts: Object.fromEntries(hosts.map(([host, counts]) => [host, recapOf(counts)])),
    });
    const lines = hosts.map(([host, counts]) => {
      const words = Object.entries(recapOf(counts)).map(([name, count]) => `${name}=${count}`);
      return `${host.padEnd(24)} : ${words.join("    ")}`;
    });
    this.prints(`\nPLAY RECAP ${"*".repeat(40)}\n${lines.join("\n")}\n`);
    const isFailed = hosts.some(([, { failed, unreachable }]) => failed + unreachable > 0);
    return this.event("execution_ended", { exit_code: exitCode ?? (isFailed ? 2 : 0) });
  }

  /** Delivers what was not delivered yet, as one batch. */
  async send(collector: Collector): Promise<this> {
    const batch = this.#lines.slice(this.#sent);
    const answer = await fetch(`${collector.url}/api/v1/ansible/ingest/${this.id}/recorder`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${await collector.token("producer")}`,
        "Content-Type": "application/x-ndjson",
      },
      body: `${batch.join("\n")}\n`,
    });
    if (!answer.ok) {
      throw new Error(`the batch was answered ${answer.status}: ${await answer.text()}`);
    }
    await answer.arrayBuffer();
    this.#sent = this.#lines.length;
    return this;
  }

  #result(host: string, outcome: Outcome, content: Json, printed: string): this {
    const counts = this.#recap.get(host) ?? { ok: 0, changed: 0, failed: 0, unreachable: 0, skipped: 0 };
    counts[outcome] += 1;
    this.#recap.set(host, counts);
    const isChange = outcome === "changed";
    this.event("result", {
      task: this.#task,
      host,
      status: isChange ? "ok" : outcome,
      ...(isChange && { changed: true }),
      started: this.#at - 500_000,
      content,
    });
    return this.prints(`\u001b[0;${COLOURS[outcome]}m${printed}\u001b[0m\n`);
  }
}

/** Ansible counts a changed task as ok, too. */
function recapOf({ ok, changed, ...others }: Counts) {
  return { ok: ok + changed, changed, ...others };
}

/** A run that went well. */
export function goodRun(
  playbook: string,
  hosts: readonly string[] = ["web-01", "web-02"],
  secondsAgo = 60,
): Run {
  const run = new Run({ playbook, inventory: "prod" }, secondsAgo).play("Web servers").task("Install nginx");
  for (const host of hosts) {
    run.changed(host);
  }
  run.task("Start nginx");
  for (const host of hosts) {
    run.ok(host);
  }
  return run.end();
}

/** The same with a task that fails on the last host. */
export function failedRun(
  playbook: string,
  hosts: readonly string[] = ["web-01", "web-02"],
  secondsAgo = 60,
): Run {
  const run = new Run({ playbook, inventory: "prod" }, secondsAgo).play("Web servers").task("Install nginx");
  for (const host of hosts) {
    run.changed(host);
  }
  run.task("Start nginx");
  hosts.forEach((host, at) => {
    if (at === hosts.length - 1) {
      run.failed(host, "nginx: configuration file test failed");
    } else {
      run.ok(host);
    }
  });
  return run.end();
}

/** Does this for each number below `count`, so many at a time. */
export async function many(
  count: number,
  atOnce: number,
  what: (number: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      await what(number);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
