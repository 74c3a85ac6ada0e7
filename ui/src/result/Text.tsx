import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { type ReactElement, useState } from "react";
import { plainLines } from "./ModuleMessage";

/** Number of characters that are shown at first: a browser takes long to lay out a megabyte without a newline. */
const FIRST = 60_000;

interface Props {
  text: string;
  label: string;
}

/** Text that a program printed, without its colours. */
export function Text({ text, label }: Props): ReactElement {
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > FIRST;
  const shown = isLong && !isWhole ? text.slice(0, FIRST) : text;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long text is scrolled with keys */}
      <figure className="pb-result__text" tabIndex={0} aria-label={label}>
        <pre>{plainLines(shown)}</pre>
      </figure>
      {isLong && !isWhole && (
        <Button variant="link" isInline onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString("en")} characters
        </Button>
      )}
    </>
  );
}
