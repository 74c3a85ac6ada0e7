/**
 * Colours for uncoloured output of Ansible, by the first words of its lines. The words stay: colour is never
 * the only sign.
 */

export type Tone = "ok" | "changed" | "failed" | "skipped" | "warning" | "included";

const TONES: readonly (readonly [RegExp, Tone])[] = [
  [/^ok: \[/, "ok"],
  [/^changed: \[/, "changed"],
  [/^(fatal|failed): \[/, "failed"],
  [/^\[ERROR\]/, "failed"],
  [/^skipping: /, "skipped"],
  [/^\.\.\.ignoring$/, "skipped"],
  [/^included: /, "included"],
  [/^\[(WARNING|DEPRECATION WARNING)\]/, "warning"],
];
const RECAP = /^\S.* : ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+) /;

export function toneOf(text: string): Tone | undefined {
  const start = text.slice(0, 300);
  const recap = RECAP.exec(start);
  if (recap !== null) {
    const [, changed, unreachable, failed] = recap;
    return unreachable !== "0" || failed !== "0" ? "failed" : changed !== "0" ? "changed" : "ok";
  }
  return TONES.find(([expression]) => expression.test(start))?.[1];
}
