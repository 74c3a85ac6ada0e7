/** The form of what to run: the fields that a launch and a schedule share. */
import type { ScheduledRun } from "../../api/types";
import { NO_VARIABLES, type Variables, type VariablesInput } from "./variables";

/** A secret variable: the names of the variable and of the secret. */
export interface SecretVariable {
  key: number;
  name: string;
  secret: string;
}

export interface RunForm {
  type: "playbook" | "adhoc";
  playbook: string;
  /** Ad-hoc. */
  hosts: string;
  module: string;
  args: string;
  inventory: string;
  limit: string;
  /** For a replay: only on the hosts that failed or could not be reached. */
  onlyFailed: boolean;
  /** Separated by commas, as in Ansible. */
  tags: string;
  skipTags: string;
  labels: string;
  note: string;
  check: boolean;
  diff: boolean;
  /** Empty: as in Ansible's configuration. */
  become: boolean;
  becomeUser: string;
  forks: string;
  verbosity: string;
  /** Seconds. */
  timeout: string;
  variables: VariablesInput;
  vaultPassword: string;
  privateKey: string;
  /** Names of secrets in the collector's configuration, instead of values. */
  vaultSecret: string;
  keySecret: string;
  variableSecrets: readonly SecretVariable[];
}

export type SetRunForm = (changes: Partial<RunForm>) => void;

/** The values of a run that an address can contain. */
export interface RunPreset {
  type?: RunForm["type"];
  playbook?: string;
  inventory?: string;
  limit?: string;
}

export function emptyForm({ type, playbook, inventory, limit }: RunPreset = {}): RunForm {
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
    vaultSecret: "",
    keySecret: "",
    variableSecrets: [],
  };
}

/** A typed text, under its name in the API; nothing if it is empty. */
export function filled<Name extends string>(name: Name, text: string): { [name in Name]?: string } {
  const pair: { [name in Name]?: string } = {};
  if (text.trim() !== "") {
    pair[name] = text.trim();
  }
  return pair;
}

export function filledNumber<Name extends string>(name: Name, text: string): { [name in Name]?: number } {
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

/** The common part of a playbook and a module, in the form of the API: only fields that were filled in. */
export function commonFields(form: RunForm, variables: Variables | undefined) {
  return {
    ...filled("inventory", form.inventory),
    ...filled("limit", form.limit),
    ...filled("note", form.note),
    ...filled("become_user", form.becomeUser),
    ...(form.labels.trim() !== "" && { labels: listOf(form.labels) }),
    ...(form.check && { check: true }),
    ...(form.diff && { diff: true }),
    ...(form.become && { become: true }),
    ...filledNumber("forks", form.forks),
    ...(form.verbosity !== "0" && { verbosity: Number(form.verbosity) }),
    ...filledNumber("timeout", form.timeout),
    ...(variables !== undefined && { extra_vars: variables }),
  };
}

/** The named secrets, in the form of the API; nothing if there are none. */
export function namedSecrets({
  vaultSecret,
  keySecret,
  variableSecrets,
}: RunForm): Pick<ScheduledRun, "secrets"> {
  const typed = variableSecrets.filter(({ name, secret }) => name.trim() !== "" || secret.trim() !== "");
  const secrets = {
    ...filled("vault_password", vaultSecret),
    ...filled("private_key", keySecret),
    ...(typed.length > 0 && {
      extra_vars: Object.fromEntries(typed.map(({ name, secret }) => [name.trim(), secret.trim()])),
    }),
  };
  return Object.keys(secrets).length === 0 ? {} : { secrets };
}

export function playbookFields(form: RunForm) {
  return {
    playbook: form.playbook,
    ...(form.tags.trim() !== "" && { tags: listOf(form.tags) }),
    ...(form.skipTags.trim() !== "" && { skip_tags: listOf(form.skipTags) }),
  };
}

export function adhocFields(form: RunForm) {
  return {
    hosts: form.hosts.trim(),
    ...filled("module", form.module),
    ...(form.args !== "" && { args: form.args }),
  };
}
