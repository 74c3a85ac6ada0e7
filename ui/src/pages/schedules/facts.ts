import type { ScheduledRun } from "../../api/types";

/** Name, value, and whether it is code. */
export type Fact = readonly [name: string, value: string, isCode?: boolean];

/** What a schedule runs, as names and values; missing values have no line. */
export function runFacts(run: ScheduledRun): Fact[] {
  const { secrets, extra_vars: variables = {} } = run;
  const named = [
    secrets?.vault_password && `vault password from ${secrets.vault_password}`,
    secrets?.private_key && `private key from ${secrets.private_key}`,
    ...Object.entries(secrets?.extra_vars ?? {}).map(([name, secret]) => `${name} from ${secret}`),
  ].filter(Boolean);
  const all: readonly (readonly [string, string | number | null | undefined | false, boolean?])[] = [
    ["Playbook", run.playbook, true],
    ["Module", run.hosts && (run.module ?? "command"), true],
    ["Hosts", run.hosts, true],
    ["Arguments", run.args, true],
    ["Inventory", run.inventory, true],
    ["Limit", run.limit, true],
    ["Tags", run.tags?.join(", ")],
    ["Skip tags", run.skip_tags?.join(", ")],
    ["Extra variables", Object.entries(variables).map(variable).join(", "), true],
    ["Secrets", named.join(", ")],
    ["Private key", run.private_key, true],
    ["Become", run.become && (run.become_user ?? "root")],
    ["Check mode", run.check && "yes: nothing is changed"],
    ["Differences", run.diff && "shown"],
    ["Forks", run.forks],
    ["Verbosity", run.verbosity ? `-${"v".repeat(run.verbosity)}` : undefined],
    ["Time limit", run.timeout ? `${run.timeout} s` : undefined],
    ["Labels", run.labels?.join(", ")],
    ["Note", run.note],
  ];
  return all.flatMap(([name, value, isCode]) =>
    value === undefined || value === null || value === false || value === ""
      ? []
      : [[name, String(value), isCode ?? false] as const],
  );
}

/** Users who may not launch only see names: their values are null. */
function variable([name, value]: [string, unknown]): string {
  if (value === null) {
    return name;
  }
  return `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`;
}
