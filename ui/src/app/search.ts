/**
 * The address's query as plain text (`?status=failed&host=web-01`), not as JSON, so that people can read and write it.
 * A page's `search.ts` converts the texts into its own type with the helpers below; invalid values are dropped.
 */

/** A repeated name is a list. */
export type RawSearch = Record<string, unknown>;

export function parseSearch(text: string): RawSearch {
  // No prototype: a name from an address may be `__proto__`.
  const search: RawSearch = Object.create(null);
  const params = new URLSearchParams(text);
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name);
    search[name] = values.length > 1 ? values : values[0];
  }
  return search;
}

export function stringifySearch(search: RawSearch): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") {
        params.append(name, String(one));
      }
    }
  }
  const text = params.toString();
  return text && `?${text}`;
}

/**
 * `{ q: "nginx" }`, or `{}` if there is none: for spreading, since an absent property does not appear in the address.
 */
export function text<Name extends string>(raw: RawSearch, name: Name): { [name in Name]?: string } {
  const value = Array.isArray(raw[name]) ? raw[name].at(-1) : raw[name];
  return typeof value === "string" && value !== "" ? only(name, value) : {};
}

/** One of a few words. */
export function oneOf<Name extends string, const Word extends string>(
  raw: RawSearch,
  name: Name,
  words: readonly Word[],
): { [name in Name]?: Word } {
  const word = words.find((one) => one === raw[name]);
  return word === undefined ? {} : only(name, word);
}

/** A whole number that is not negative. */
export function count<Name extends string>(raw: RawSearch, name: Name): { [name in Name]?: number } {
  const value = raw[name];
  const number =
    typeof value === "number" ? value : Number(typeof value === "string" && value !== "" ? value : NaN);
  return Number.isSafeInteger(number) && number >= 0 ? only(name, number) : {};
}

/** Yes or no. */
export function flag<Name extends string>(raw: RawSearch, name: Name): { [name in Name]?: boolean } {
  const value = raw[name];
  if (value === true || value === "true" || value === "1" || value === "yes") {
    return only(name, true);
  }
  return value === false || value === "false" || value === "0" || value === "no" ? only(name, false) : {};
}

function only<Name extends string, Value>(name: Name, value: Value): { [name in Name]?: Value } {
  const pair: { [name in Name]?: Value } = {};
  pair[name] = value;
  return pair;
}
