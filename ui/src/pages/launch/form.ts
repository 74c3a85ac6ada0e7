/** The form of a launch as it is typed, and the request that it becomes. */
import type { AdhocRequest, PlaybookRequest, ReplayRequest } from "../../api/types";
import type { LaunchSearch } from "./search";
import { NO_VARIABLES, type Variables, type VariablesInput } from "./variables";

export interface LaunchForm {
  type: "playbook" | "adhoc";
  playbook: string;
  /** Ad-hoc. */
  hosts: string;
  module: string;
  args: string;
  inventory: string;
  limit: string;
  /** Of a replay: only on the hosts that failed or could not be reached. */
  onlyFailed: boolean;
  /** Separated by commas, as Ansible takes them. */
  tags: string;
  skipTags: string;
  labels: string;
  note: string;
  check: boolean;
  diff: boolean;
  /** Nothing: as Ansible's configuration says. */
  become: boolean;
  becomeUser: string;
  forks: string;
  verbosity: string;
  /** Seconds. */
  timeout: string;
  variables: VariablesInput;
  vaultPassword: string;
  privateKey: string;
}

export type SetForm = (changes: Partial<LaunchForm>) => void;

export function emptyForm({ type, playbook, inventory, limit }: LaunchSearch = {}): LaunchForm {
  return {
    type: type ?? "playbook",
    playbook: playbook ?? "",
    hosts: "",
    module: "",
    args: "",
    inventory: inventory ?? "",
    limit: limit ?? "",
    onlyFailed: false,
    tags: "",
    skipTags: "",
    labels: "",
    note: "",
    check: false,
    diff: false,
    become: false,
    becomeUser: "",
    forks: "",
    verbosity: "0",
    timeout: "",
    variables: NO_VARIABLES,
    vaultPassword: "",
    privateKey: "",
  };
}

/** The same form without what must not stay in memory once it was sent. */
export function withoutSecrets(form: LaunchForm): LaunchForm {
  return { ...form, args: "", vaultPassword: "", privateKey: "", variables: NO_VARIABLES };
}

/** A new run: only what was filled in is sent. */
export function newRequest(
  form: LaunchForm,
  variables: Variables | undefined,
): { playbook: PlaybookRequest } | { adhoc: AdhocRequest } {
  const common = {
    ...filled("inventory", form.inventory),
    ...filled("limit", form.limit),
    ...filled("note", form.note),
    ...filled("become_user", form.becomeUser),
    ...(form.labels.trim() !== "" && { labels: listOf(form.labels) }),
    ...(form.check && { check: true }),
    ...(form.diff && { diff: true }),
    ...(form.become && { become: true }),
    ...numbers(form),
    ...(variables !== undefined && { extra_vars: variables }),
    ...secrets(form),
  };
  if (form.type === "adhoc") {
    return {
      adhoc: {
        hosts: form.hosts.trim(),
        ...filled("module", form.module),
        ...(form.args !== "" && { args: form.args }),
        ...common,
      },
    };
  }
  return {
    playbook: {
      playbook: form.playbook,
      ...(form.tags.trim() !== "" && { tags: listOf(form.tags) }),
      ...(form.skipTags.trim() !== "" && { skip_tags: listOf(form.skipTags) }),
      ...common,
    },
  };
}

const TEXTS = ["playbook", "hosts", "module", "inventory", "limit", "note"] as const;
const SWITCHES = ["check", "diff", "become"] as const;
const LISTS = [
  ["tags", "tags"],
  ["skipTags", "skip_tags"],
  ["labels", "labels"],
] as const;

/**
 * A replay: only what was changed is sent, the collector has the rest. That includes what a record does not tell, such
 * as the time limit. An emptied field is sent empty.
 */
export function replayRequest(
  form: LaunchForm,
  before: LaunchForm,
  variables: Variables | undefined,
): ReplayRequest {
  const request: ReplayRequest = {};
  for (const name of TEXTS) {
    if (form[name] !== before[name] && !(name === "limit" && form.onlyFailed)) {
      request[name] = form[name].trim();
    }
  }
  for (const name of SWITCHES) {
    if (form[name] !== before[name]) {
      request[name] = form[name];
    }
  }
  for (const [name, field] of LISTS) {
    if (form[name] !== before[name]) {
      request[field] = listOf(form[name]);
    }
  }
  return {
    ...request,
    ...(form.onlyFailed && { only_failed: true }),
    ...filled("become_user", form.becomeUser),
    ...(form.forks !== before.forks && filledNumber("forks", form.forks)),
    ...(form.verbosity !== before.verbosity && { verbosity: Number(form.verbosity) }),
    ...filledNumber("timeout", form.timeout),
    ...(form.args !== before.args && { args: form.args }),
    ...(variables !== undefined && { extra_vars: variables }),
    ...secrets(form),
  };
}

function numbers({ forks, verbosity, timeout }: LaunchForm) {
  return {
    ...filledNumber("forks", forks),
    ...(verbosity !== "0" && { verbosity: Number(verbosity) }),
    ...filledNumber("timeout", timeout),
  };
}

function secrets({ vaultPassword, privateKey }: LaunchForm) {
  return {
    ...(vaultPassword !== "" && { vault_password: vaultPassword }),
    ...(privateKey.trim() !== "" && { private_key: privateKey }),
  };
}

function filled<Name extends string>(name: Name, text: string): { [name in Name]?: string } {
  const pair: { [name in Name]?: string } = {};
  if (text.trim() !== "") {
    pair[name] = text.trim();
  }
  return pair;
}

function filledNumber<Name extends string>(name: Name, text: string): { [name in Name]?: number } {
  const pair: { [name in Name]?: number } = {};
  if (text.trim() !== "") {
    pair[name] = Number(text);
  }
  return pair;
}

/** Names separated by commas. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
