/** The name and description of a run in one line. */
import type { ExecutionFields } from "../api/types";
import { fileName } from "./format";

type Named = Pick<ExecutionFields, "type" | "playbook" | "module" | "hosts">;

/** "site.yml", or "command on web-*" for an ad-hoc command. */
export function runName({ playbook, module, hosts }: Named): string {
  if (playbook) {
    // Several playbooks are joined by blanks: then all of it is shown.
    return playbook.includes(" ") ? playbook : fileName(playbook);
  }
  // Ansible's own modules are known by their short names.
  const what = module?.replace(/^ansible\.(builtin|legacy)\./, "") ?? "ad-hoc command";
  return hosts ? `${what} on ${hosts}` : what;
}

/** The user, and who called sudo, if any: "root (ann)". */
export function who({ user, sudo_user }: Pick<ExecutionFields, "user" | "sudo_user">): string {
  if (!user) {
    return "unknown";
  }
  return sudo_user ? `${user} (${sudo_user})` : user;
}
