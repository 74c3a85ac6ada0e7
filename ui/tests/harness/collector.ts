/** A real collector on a database of its own, as a person would start it: its processes, its tokens, its API. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Scope } from "../../src/api/types";

const PLAYBACK = process.env.PLAYBACK_BIN ?? here("../../../target/debug/playback");
const ANSIBLE = process.env.PLAYBACK_TEST_ANSIBLE ?? here("../../../.venv/ansible/bin");
export const PLAYBOOKS = here("playbooks");

/** How long a collector may take to start; generous, for a loaded machine. */
const PATIENCE_MS = 30_000;

const run = promisify(execFile);

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** Who a test is: a token that may do everything, one that only reads, one that may read and launch. */
export type Role = "admin" | "reader" | "operator" | "producer";

const SCOPES: { [role in Role]: readonly Scope[] } = {
  admin: ["admin"],
  reader: ["read"],
  operator: ["read", "run"],
  producer: ["ingest"],
};

export class Collector {
  readonly folder: string;
  /** The address of its database. */
  readonly database: string;
  readonly #tokens = new Map<Role, Promise<string>>();
  /** What its tokens are called behind their role: a database that stays may have those of an earlier test. */
  readonly #suffix: string;
  #process: ChildProcess | undefined;
  #address = "127.0.0.1:0";
  readonly #log: string[] = [];

  private constructor(folder: string, database: string | undefined) {
    this.folder = folder;
    this.database = database ?? `sqlite://${join(folder, "playback.db")}`;
    this.#suffix = database === undefined ? "" : `-${basename(folder)}`;
  }

  /**
   * A collector with an empty history, or with that of a database which stays when it is closed; `settings` are lines of
   * its configuration file, before the first section, and `sections` are further ones. Without `hasKey` it cannot
   * encrypt the secrets of notifications.
   */
  static async start(settings = "", database?: string, sections = "", hasKey = true): Promise<Collector> {
    const collector = new Collector(await mkdtemp(join(tmpdir(), "playback-ui-")), database);
    await collector.#configure(settings, sections, hasKey);
    await collector.launch();
    return collector;
  }

  /** Starts it, at the address that it had before if it had one. */
  async launch(): Promise<void> {
    const words = ["serve", "--log-format", "json", "--listen", this.#address, "--config", this.#config];
    const started = spawn(PLAYBACK, [...words, "--database", this.database], {
      env: { PATH: process.env.PATH, HOME: this.folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process = started;
    this.#address = await this.#serving(started);
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = undefined;
    if (killed && killed.exitCode === null) {
      const ended = new Promise((resolve) => killed.once("exit", resolve));
      killed.kill("SIGKILL");
      await ended;
    }
  }

  /** Ends it, and removes its folder. */
  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Its address, which stays the same when it is killed and started again. */
  get url(): string {
    return `http://${this.#address}`;
  }

  /** What it logged last, for the report of a test that failed. */
  get log(): string {
    return this.#log.slice(-50).join("\n");
  }

  /** The token of a role, made when it is first asked for. The collector itself makes one that is called `admin`. */
  async token(role: Role): Promise<string> {
    const token = this.#tokens.get(role) ?? this.createToken(`test-${role}${this.#suffix}`, SCOPES[role]);
    this.#tokens.set(role, token);
    return await token;
  }

  async createToken(name: string, scopes: readonly Scope[]): Promise<string> {
    const wanted = scopes.flatMap((scope) => ["--scope", scope]);
    const made: { token: string } = JSON.parse(
      await this.command("token", "create", name, "--json", ...wanted),
    );
    return made.token;
  }

  /** Runs `playback …` on its database; what it printed. */
  async command(...words: string[]): Promise<string> {
    const { stdout } = await run(PLAYBACK, [...words, "--database", this.database]);
    return stdout;
  }

  /** Asks its API as an admin; the body of a good answer. */
  async ask<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await fetch(`${this.url}/api/v1/ansible${path}`, {
      method,
      headers: { Authorization: `Bearer ${await this.token("admin")}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    }
    return JSON.parse(text || "null");
  }

  /** Runs a playbook of this folder with the real Ansible, which the recorder watches; ends with its exit code. */
  async ansible(playbook: string, variables: Record<string, string> = {}): Promise<number | null> {
    const words = ["-i", join(PLAYBOOKS, "hosts.ini"), join(PLAYBOOKS, playbook)];
    for (const [name, value] of Object.entries(variables)) {
      words.push("-e", `${name}=${value}`);
    }
    return await this.play(PLAYBOOKS, words);
  }

  /** Runs `ansible-playbook …` in a folder. */
  async play(
    folder: string,
    words: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<number | null> {
    const started = spawn(join(ANSIBLE, "ansible-playbook"), words, {
      cwd: folder,
      env: {
        ...environment,
        PATH: `${ANSIBLE}:${process.env.PATH}`,
        HOME: this.folder,
        LANG: "C.UTF-8",
        PLAYBACK_URL: this.url,
        PLAYBACK_TOKEN: await this.token("producer"),
        PLAYBACK_SPOOL_DIR: join(this.folder, "spool"),
      },
      stdio: "ignore",
    });
    return await new Promise((resolve, reject) => {
      started.once("error", reject);
      started.once("exit", resolve);
    });
  }

  get #config(): string {
    return join(this.folder, "collector.toml");
  }

  async #configure(settings: string, sections: string, hasKey: boolean): Promise<void> {
    // Strings and lists of strings are the same in JSON and TOML.
    const lines = [
      settings,
      // Producers of the tests send no signs of life.
      "silence_seconds = 3600",
      "[http]",
      `trusted_proxies = ["127.0.0.1"]`,
      "[launcher]",
      `playbooks = ${JSON.stringify([PLAYBOOKS])}`,
      `inventories = ${JSON.stringify([PLAYBOOKS])}`,
      `folder = ${JSON.stringify(join(this.folder, "runs"))}`,
      `ansible = ${JSON.stringify(ANSIBLE)}`,
      "[notifications]",
      ...(hasKey ? [`key = "${randomBytes(32).toString("base64")}"`] : []),
      // Receivers of the tests are on this machine.
      `allow_networks = ["127.0.0.1/32"]`,
      "retry_seconds = 0.2",
      "digest_wait_seconds = 1",
      sections,
    ];
    await writeFile(this.#config, `${lines.join("\n")}\n`);
    await chmod(this.#config, 0o600);
  }

  /** Waits until it serves; the address. */
  #serving(started: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the collector ${why}:\n${this.log}`));
      const timer = setTimeout(() => fail("does not start"), PATIENCE_MS);
      started.once("error", reject);
      started.once("exit", () => fail("ended"));
      if (started.stderr === null) {
        throw new Error("the collector's log is not read");
      }
      createInterface(started.stderr).on("line", (line) => {
        this.#log.push(line);
        const address = servedAddress(line);
        if (address !== undefined) {
          clearTimeout(timer);
          resolve(address);
        }
      });
    });
  }
}

function servedAddress(line: string): string | undefined {
  try {
    const entry: { message?: string; address?: string } = JSON.parse(line);
    return entry.message === "serving" ? entry.address : undefined;
  } catch {
    return undefined;
  }
}
