/** The form that repeats a run: filled from its record. */
import type { Execution, NamedFile } from "../../api/types";
import { emptyForm, type RunForm } from "../../parts/runForm/form";

/** Whether the collector launched the run itself, so that it has the request and can repeat it. */
export function isRepeatable({ queued_time }: Execution): boolean {
  return queued_time !== null && queued_time !== undefined;
}

/** The hosts of a replay on the failed hosts. */
export function failedHosts({ failed = [], unreachable = [] }: Execution): string[] {
  return [...new Set([...failed, ...unreachable])];
}

/**
 * The parts of the request that the record contains; it has no values of variables and no secrets. Paths are
 * converted into names that a request can have.
 */
export function prefilled(
  run: Execution,
  onlyFailed: boolean,
  playbooks: readonly NamedFile[],
  inventories: readonly NamedFile[],
): RunForm {
  const isOurs = isRepeatable(run);
  return {
    ...emptyForm(),
    type: run.type ?? "playbook",
    playbook: run.playbook ? nameOf(run.playbook, run.cwd, playbooks) : "",
    inventory: run.inventory ? nameOf(run.inventory, run.cwd, inventories) : "",
    hosts: run.hosts ?? "",
    module: run.module ?? "",
    args: run.args ?? "",
    // A run that was recorded elsewhere cannot be repeated by its id: then the hosts are named.
    limit: onlyFailed && !isOurs ? failedHosts(run).join(",") : (run.limit ?? ""),
    onlyFailed: onlyFailed && isOurs,
    tags: (run.tags ?? []).join(","),
    skipTags: (run.skip_tags ?? []).join(","),
    labels: (run.labels ?? []).join(", "),
    note: run.note ?? "",
    check: run.check ?? false,
    diff: run.diff ?? false,
    forks: run.forks ? String(run.forks) : "",
    verbosity: String(run.verbosity ?? 0),
    variables: {
      mode: "rows",
      text: "",
      rows: (run.extra_var_names ?? []).map((name, key) => ({ key, name, value: "" })),
    },
  };
}

/** The name of a file in a request; a path that matches none of the files stays as recorded. */
function nameOf(recorded: string, folder: string | null | undefined, files: readonly NamedFile[]): string {
  const paths = [recorded, `${folder ?? ""}/${recorded}`];
  const file = files.find(({ path }) => paths.includes(path)) ?? files.find(({ name }) => name === recorded);
  return file?.name ?? recorded;
}
