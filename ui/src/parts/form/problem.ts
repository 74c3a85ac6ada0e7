/** The field of a form that a refused request concerns. */

export interface Problem {
  /** The field, by its name in the API; none if the error concerns the whole request. */
  field: string | undefined;
  text: string;
}

/**
 * The API's messages name the field first: `forks: 0 must be …`, `labels[1]: too long`, `url is missing: …`, `port = 0: …`. If only
 * the beginning of what they name is a field of the form, the rest stays in the text.
 */
export function problemOf(message: string, isField: (name: string) => boolean): Problem {
  const named = /^(?:the )?([a-z_]+(?:\[\d+\]|\.[^\s:=[]+)*)(?=[ :])/.exec(message)?.[1];
  for (let name = named; name; name = name.replace(/(^|\[|\.)[^[.]*$/, "")) {
    if (isField(name)) {
      const place = (named ?? "").slice(name.length).replace(/^\./, "");
      return { field: name, text: `${place && `${place}: `}${withoutName(message, named ?? "")}` };
    }
  }
  return { field: undefined, text: message };
}

/** Moves to the invalid field, once it is drawn: it may have been folded. */
export function focusOn(field: string | undefined): void {
  if (field !== undefined) {
    requestAnimationFrame(() => document.getElementById(field)?.focus());
  }
}

/** The error, without the name and the value, which the form shows beside it. */
function withoutName(message: string, name: string): string {
  if (!message.startsWith(name)) {
    return message;
  }
  const rest = message.slice(name.length);
  const value = /^ = (?:"(?:\\.|[^"\\])*"|[^:]*)(?=: )/.exec(rest)?.[0] ?? "";
  return rest.slice(value.length).replace(/^:? /, "");
}
