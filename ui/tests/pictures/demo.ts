/** The history that the pictures show: the example playbooks, recorded with the real Ansible, in a repository of their own. */
import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BrowserContext } from "@playwright/test";
import type { ExecutionList } from "../../src/api/types";
import type { Collector } from "../harness/collector";

const EXAMPLES = fileURLToPath(new URL("../../../examples", import.meta.url));
const WEB_SERVERS = 24;
const DATABASES = 4;

const run = promisify(execFile);

/** The runs that the pictures are of, by their ids. */
export interface Shown {
  failed: string;
}

export async function record(collector: Collector): Promise<Shown> {
  const folder = join(collector.folder, "examples");
  await cp(EXAMPLES, folder, { recursive: true });
  const play = (...words: string[]) =>
    collector.play(folder, words, { EXAMPLE_ROOT: join(collector.folder, "hosts") });
  const hosts = join(folder, "inventory", "all.ini");
  await writeFile(hosts, inventory());
  // Until yesterday, the release worked.
  const release = join(folder, "failing.yml");
  const text = await readFile(release, "utf8");
  await writeFile(release, text.replace("exit 3", "exit 0"));
  await commit(folder, "The release");
  await play("site.yml");
  await play("handlers.yml");
  await play("-i", hosts, "-f", "10", "failing.yml");
  await writeFile(release, text);
  await commit(folder, "Unique addresses of customers");
  await play("site.yml");
  await play("unreachable.yml");
  await play("--check", "--diff", "check.yml");
  await play("-i", hosts, "-f", "10", "failing.yml");
  const { executions } = await collector.ask<ExecutionList>("GET", "/executions?playbook=failing.yml");
  const [failed] = executions;
  if (failed?.id === undefined || failed.status !== "failed") {
    throw new Error("the release did not fail");
  }
  await collector.ask("GET", `/executions/${failed.id}?wait=final&timeout=30`);
  return { failed: failed.id };
}

function inventory(): string {
  const names = (group: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${group}-${String(at + 1).padStart(2, "0")}`).join("\n");
  return `[web]
${names("web", WEB_SERVERS)}

[db]
${names("db", DATABASES)}

[all:vars]
ansible_connection=local
ansible_python_interpreter="{{ ansible_playbook_python }}"
`;
}

async function commit(folder: string, message: string): Promise<void> {
  const who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
  await run("git", ["init", "--quiet", "--initial-branch=main"], { cwd: folder });
  await run("git", ["add", "--all"], { cwd: folder });
  await run("git", [...who, "commit", "--quiet", "--message", message], { cwd: folder });
}

/** Pictures do not show whose machine they were made on: its name and its user's are others in all that the pages read. */
export async function hideMachine(context: BrowserContext, collector: Collector): Promise<void> {
  const hidden: readonly (readonly [string, string])[] = [
    [`"controller":"${hostname()}"`, '"controller":"ops-1"'],
    [`"user":"${userInfo().username}"`, '"user":"ann"'],
    [collector.folder, "/srv/shop"],
  ];
  await context.route(/\/api\/v1\/ansible\/(?!session|.*stream)/, async (route) => {
    const answer = await route.fetch();
    let body = await answer.text();
    for (const [text, instead] of hidden) {
      body = body.replaceAll(text, instead);
    }
    await route.fulfill({ response: answer, body });
  });
}
