/** Which field of the form a refused request is about. */

const FIELDS = [
  "playbook",
  "hosts",
  "module",
  "args",
  "inventory",
  "limit",
  "only_failed",
  "tags",
  "skip_tags",
  "labels",
  "note",
  "become",
  "become_user",
  "forks",
  "verbosity",
  "timeout",
  "extra_vars",
  "vault_password",
  "private_key",
] as const;

/** A field, by its name in the API. */
export type FieldName = (typeof FIELDS)[number];

export interface Problem {
  /** None if the whole request is meant. */
  field: FieldName | undefined;
  text: string;
}

/** The API's messages name the field first: `forks: 0 must be from 1 to 1000`. A place within it may follow. */
export function problemOf(message: string): Problem {
  const [, name, place = "", text = ""] = /^([a-z_]+)([[.][^:]*)?: (.*)$/s.exec(message) ?? [];
  const field = FIELDS.find((one) => one === name);
  if (field === undefined) {
    return { field, text: message };
  }
  return { field, text: place === "" ? text : `${place.replace(/^\./, "")}: ${text}` };
}
