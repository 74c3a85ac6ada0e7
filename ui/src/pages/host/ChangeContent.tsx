import type { ReactElement } from "react";
import type { HostChange } from "../../api/types";
import { Name } from "../../parts/Name";
import { diffText } from "../../result/Diff";
import { plainLines } from "../../result/ModuleMessage";
import { type DiffLine, diffLines } from "./difference";

const WORDS: { readonly [sign in DiffLine["sign"]]: string } = {
  "+": "added: ",
  "-": "removed: ",
  " ": "",
  "@": "",
};

/** The module's report of a change: message, items of a loop, differences. */
export function ChangeContent({ change }: { change: HostChange }): ReactElement | null {
  const { message, items = [], diff, censored } = change;
  const lines = diffLines(diff);
  if (censored) {
    return <p className="pb-subtle pb-small">Ansible hid what it returned (no_log).</p>;
  }
  if (!message && items.length === 0 && lines.length === 0) {
    return null;
  }
  return (
    <div className="host-content">
      {message && <pre className="host-message">{plainLines(message)}</pre>}
      {items.length > 0 && (
        <p className="pb-small pb-break">
          Items: <Name>{items.join(", ")}</Name>
        </p>
      )}
      {lines.length > 0 && (
        <pre className="host-diff">
          {lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of a difference never move
            <span key={at} className={`host-diff-line host-diff-${NAMES[line.sign]}`}>
              <span className="pf-v6-screen-reader">{WORDS[line.sign]}</span>
              <span aria-hidden="true">{line.sign === "@" ? " " : line.sign} </span>
              {diffText(line.text)}
              {"\n"}
            </span>
          ))}
        </pre>
      )}
    </div>
  );
}

const NAMES: { readonly [sign in DiffLine["sign"]]: string } = {
  "+": "added",
  "-": "removed",
  " ": "same",
  "@": "head",
};
