/** Converts the launch form into requests. */
import type { AdhocRequest, PlaybookRequest, ReplayRequest } from "../../api/types";
import {
  adhocFields,
  commonFields,
  filled,
  filledNumber,
  listOf,
  namedSecrets,
  playbookFields,
  type RunForm,
} from "../../parts/runForm/form";
import { NO_VARIABLES, type Variables } from "../../parts/runForm/variables";

/** The same form without the fields that must not stay in memory after sending. */
export function withoutSecrets(form: RunForm): RunForm {
  return { ...form, args: "", vaultPassword: "", privateKey: "", variables: NO_VARIABLES };
}

/** A new run: only fields that were filled in are sent. */
export function newRequest(
  form: RunForm,
  variables: Variables | undefined,
): { playbook: PlaybookRequest } | { adhoc: AdhocRequest } {
  const common = { ...commonFields(form, variables), ...secrets(form) };
  return form.type === "adhoc"
    ? { adhoc: { ...adhocFields(form), ...common } }
    : { playbook: { ...playbookFields(form), ...common } };
}

const TEXTS = ["playbook", "hosts", "module", "inventory", "limit", "note"] as const;
const SWITCHES = ["check", "diff", "become"] as const;
const LISTS = [
  ["tags", "tags"],
  ["skipTags", "skip_tags"],
  ["labels", "labels"],
] as const;

/**
 * A replay: only changes are sent, the collector has the rest. That includes values that a record does not contain,
 * such as the time limit. An emptied field is sent empty.
 */
export function replayRequest(
  form: RunForm,
  before: RunForm,
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

function secrets(form: RunForm) {
  const { vaultPassword, privateKey } = form;
  return {
    ...(vaultPassword !== "" && { vault_password: vaultPassword }),
    ...(privateKey.trim() !== "" && { private_key: privateKey }),
    ...namedSecrets(form),
  };
}
