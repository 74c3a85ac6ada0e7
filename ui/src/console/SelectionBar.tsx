import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { type ReactElement, useEffect, useState } from "react";
import { plainText } from "./ansi";
import { copyText } from "./clipboard";
import { formatHash } from "./selection";
import type { Line, LineSpan } from "./types";
import type { Log } from "./useLog";

/** Maximum number of lines that are copied at once: those in memory are. */
const MOST = 10_000;

interface SelectionBarProps {
  log: Log;
  selected: LineSpan;
  /** The address of these lines. */
  href: string;
  onOpen: ((line: Line) => void) | undefined;
  onClear: () => void;
}

/** The actions for the selected lines. */
export function SelectionBar({ log, selected, href, onOpen, onClear }: SelectionBarProps): ReactElement {
  const [said, setSaid] = useState("");
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was said belongs to the lines before
  useEffect(() => setSaid(""), [selected.from, selected.to]);
  const count = selected.to - selected.from + 1;
  const copy = (what: string, text: string) => {
    void copyText(text).then((isCopied) =>
      setSaid(isCopied ? `${what} copied` : "The browser did not allow copying"),
    );
  };
  const line = log.store.lineAt(log.store.rowOf(selected.from));
  const name = formatHash(selected).replaceAll("L", "").replace("-", " to ");
  return (
    <section className="pbc-bar pbc-bar-end pbc-selection" aria-label="Selected lines">
      <span>{count === 1 ? `Line ${name}` : `Lines ${name}`}</span>
      <Button variant="link" isInline onClick={() => copy("Link", new URL(href, window.location.href).href)}>
        Copy link
      </Button>
      <Button variant="link" isInline onClick={() => copy("Text", textOf(log, selected))}>
        Copy text
      </Button>
      {onOpen !== undefined && line?.of !== undefined && (
        <Button variant="link" isInline title="Show its result (Enter)" onClick={() => onOpen(line)}>
          Show its result
        </Button>
      )}
      <output className="pbc-note">{said}</output>
      <span className="pbc-space" />
      <Button variant="link" isInline onClick={onClear}>
        Clear
      </Button>
    </section>
  );
}

function textOf({ store }: Log, { from, to }: LineSpan): string {
  const texts: string[] = [];
  for (let row = store.rowOf(from); texts.length < MOST; row += 1) {
    const line = store.lineAt(row);
    if (line === undefined || line.number > to) {
      break;
    }
    texts.push(plainText(line.text));
  }
  return texts.join("\n");
}
