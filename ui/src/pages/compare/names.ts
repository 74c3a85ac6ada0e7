/** The names of a run's parameters on this page. */
import { plural } from "../../parts/format";

const NAMES = new Map<string, string>([
  ["ansible_version", "Ansible"],
  ["args", "arguments"],
  ["check", "check mode"],
  ["cwd", "folder"],
  ["extra_var_names", "extra variables"],
  ["git.branch", "Git branch"],
  ["git.commit", "Git commit"],
  ["git.dirty", "uncommitted changes"],
  ["hosts", "host pattern"],
  ["python_version", "Python"],
  ["skip_tags", "skipped tags"],
  ["sudo_user", "user before sudo"],
]);

export function parameterName(field: string): string {
  return NAMES.get(field) ?? field.replaceAll("_", " ");
}

/** Commits are shown by their first digits. */
export function parameterValue(field: string, value: string): string {
  return field === "git.commit" ? value.slice(0, 12) : value;
}

/** "a", "a and b", "a, b and c", "a, b and 5 more". */
export function list(names: readonly string[], total = names.length, most = 4): string {
  const shown = names.slice(0, total > most ? most - 1 : most);
  const left = total - shown.length;
  const all = left > 0 ? [...shown, `${left} more`] : shown;
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

/** "1 more field differs.", "3 more fields differ." */
export function differWords(count: number, what: string): string {
  return `${plural(count, `more ${what}`)} ${count === 1 ? "differs" : "differ"}.`;
}
