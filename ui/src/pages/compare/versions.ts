/** Versions that changed, extracted from output and returned data of both runs: "nginx 1.22.1 → 1.26.3". */
import type { Comparison } from "../../api/types";

export interface VersionChange {
  readonly name: string;
  readonly before: string;
  readonly now: string;
}

/** A name, a blank, `-`, `=`, `_` or `/`, and numbers with dots: `nginx 1.26.3-1`, `shop-4.1.0`, `python==3.12`. */
const VERSION =
  /(?<![\w.-])([a-z][a-z0-9+]*(?:[._-][a-z][a-z0-9+]*)*)(?:\s+v?|[-_=/@:]{1,2}v?)(\d+(?:\.\d+)+(?:[-+~][\w.]*\w)?)(?![\w.]*\d)/gi;

/** Words before a number that are not names. */
const NO_NAMES = new Set([
  "version",
  "versions",
  "release",
  "is",
  "to",
  "from",
  "v",
  "of",
  "in",
  "port",
  "and",
  "than",
]);

const MOST = 6;

export function versionChanges({ results, output }: Pick<Comparison, "results" | "output">): VersionChange[] {
  const before = new Map<string, Set<string>>();
  const now = new Map<string, Set<string>>();
  for (const { fields } of results) {
    for (const field of fields) {
      collect(field.before, before);
      collect(field.now, now);
    }
  }
  for (const { only_in: where, text } of output) {
    collect(text, where === "before" ? before : now);
  }
  const changes: VersionChange[] = [];
  for (const [name, versions] of before) {
    const [first, ...others] = versions;
    const [second, ...more] = now.get(name) ?? [];
    // With several versions on a side, it is not known which one became which.
    if (
      first !== undefined &&
      second !== undefined &&
      others.length + more.length === 0 &&
      first !== second
    ) {
      changes.push({ name, before: first, now: second });
    }
  }
  return changes.slice(0, MOST);
}

function collect(text: string | null | undefined, into: Map<string, Set<string>>): void {
  for (const [, name = "", version = ""] of (text ?? "").matchAll(VERSION)) {
    // An archive's name ends with its extension, which is not part of the version.
    const bare = version.replace(/\.(?:tar|tgz|zip|deb|rpm|gz|xz)\b.*$/i, "");
    if (!NO_NAMES.has(name.toLowerCase())) {
      into.set(name, (into.get(name) ?? new Set()).add(bare));
    }
  }
}
