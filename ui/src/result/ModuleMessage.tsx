import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { type ReactElement, useState } from "react";
import { plainText } from "../console/ansi";

/** Characters that are shown at first. */
const FIRST = 4_000;

interface Props {
  text: string;
  /** A prefix: "Warning: ". */
  prefix?: string;
  isBad?: boolean;
}

/** A module's message: as a text without colours, cut until the reader requests all of it. */
export function ModuleMessage({ text, prefix = "", isBad = false }: Props): ReactElement {
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > FIRST;
  const shown = isLong && !isWhole ? `${text.slice(0, FIRST)}…` : text;
  return (
    <>
      <p className={`pb-result__message${isBad ? " pb-is-bad" : ""}`} dir="auto">
        {prefix}
        {plainLines(shown)}
      </p>
      {isLong && !isWhole && (
        <Button variant="link" isInline onClick={() => setWhole(true)}>
          Show all {text.length.toLocaleString("en")} characters
        </Button>
      )}
    </>
  );
}

/** A text of several lines without colours; marks that reverse or hide text are visible. */
export function plainLines(text: string): string {
  return text.split("\n").map(plainText).join("\n");
}
