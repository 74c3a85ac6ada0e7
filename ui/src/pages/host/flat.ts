/** Facts as a flat list of dotted names, which can be searched and read from top to bottom. */

export interface FlatFact {
  /** Such as `ansible_default_ipv4.address`. */
  path: string;
  /** The value for people: texts unchanged, everything else as JSON. */
  value: string;
}

/** Lists of simple values stay in one line; objects, and lists of objects, are split. */
export function flatten(facts: unknown): FlatFact[] {
  const rows: FlatFact[] = [];
  // Not recursive: facts of custom modules may be nested to any depth.
  const open: [names: string[], value: unknown][] = [[[], facts]];
  while (open.length > 0) {
    const [names, value] = open.pop() ?? [[], undefined];
    const inside = isBranch(value) ? Object.entries(value) : [];
    if (inside.length === 0) {
      rows.push({ path: dotted(names), value: valueText(value) });
    }
    for (const [name, below] of inside.reverse()) {
      open.push([[...names, name], below]);
    }
  }
  return rows.filter(({ path }) => path !== "");
}

function isBranch(value: unknown): value is object {
  if (Array.isArray(value)) {
    return value.some((one) => typeof one === "object" && one !== null);
  }
  return typeof value === "object" && value !== null;
}

/** Names with a dot of their own are quoted: `cmdline."random.trust_cpu"`. */
export function dotted(names: readonly string[]): string {
  return names.map((name) => (/[.\s"]/.test(name) || name === "" ? JSON.stringify(name) : name)).join(".");
}

export function valueText(value: unknown): string {
  if (value === undefined) {
    return "";
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Whether all words occur in the texts, ignoring case. */
export function matches(find: string, ...texts: readonly string[]): boolean {
  const all = texts.join("\n").toLowerCase();
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
