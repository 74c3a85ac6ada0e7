import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { type ReactElement, useState } from "react";
import { plainText } from "../../../console/ansi";

/** Lines and characters that are shown at first. */
const LINES = 12;
const CHARACTERS = 4_000;

/**
 * The message of a task or of Ansible: as printed, without colours. Right-to-left text cannot affect its surroundings.
 */
export function Message({ text }: { text: string }): ReactElement {
  const [isWhole, setWhole] = useState(false);
  const plain = text.split("\n").map(plainText);
  const start = plain.slice(0, LINES).join("\n").slice(0, CHARACTERS);
  const all = plain.join("\n");
  const isLong = start.length < all.length;
  return (
    <div className="summary-message">
      <pre className="summary-text" dir="auto">
        {isWhole ? all : start}
      </pre>
      {isLong && (
        <Button variant="link" isInline onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show less" : `Show all ${plain.length} lines`}
        </Button>
      )}
    </div>
  );
}
