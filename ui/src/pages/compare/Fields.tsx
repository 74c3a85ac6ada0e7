import type { ReactElement } from "react";
import { plainText } from "../../console/ansi";
import type { ResultDifference } from "./groups";
import { type DiffPart, textDiff } from "./textDiff";

type Field = ResultDifference["fields"][number];

interface Props {
  fields: readonly Field[];
  label: string;
}

/** Values side by side, with marks on the parts that only one of them has. */
export function Fields({ fields, label }: Props): ReactElement {
  return (
    <div className="compare-scroll">
      <table className="compare-table compare-fields" aria-label={label}>
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <Row key={field.field} {...field} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ field, before, now }: Field): ReactElement {
  const diff = textDiff(shown(before ?? ""), shown(now ?? ""));
  return (
    <tr>
      <th scope="row">
        <code className="pb-code">{field}</code>
      </th>
      <td>
        <Value isMissing={before === null || before === undefined} parts={diff.before} kind="del" />
      </td>
      <td>
        <Value isMissing={now === null || now === undefined} parts={diff.now} kind="ins" />
      </td>
    </tr>
  );
}

interface ValueProps {
  isMissing: boolean;
  parts: readonly DiffPart[];
  /** The element for parts that only this side has: screen readers know its meaning, too. */
  kind: "del" | "ins";
}

export function Value({ isMissing, parts, kind: Own }: ValueProps): ReactElement {
  if (isMissing) {
    return <span className="pb-subtle">none</span>;
  }
  if (parts.length === 0) {
    return <span className="pb-subtle">nothing</span>;
  }
  return (
    <code className="compare-text">
      {parts.map(({ text, isOwn }, index) =>
        // Parts have no identity except their position.
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        isOwn ? <Own key={index}>{text}</Own> : <span key={index}>{text}</span>,
      )}
    </code>
  );
}

/** Makes control characters and direction marks visible, line by line. */
function shown(text: string): string {
  return text
    .split("\n")
    .map((line) => plainText(line.replaceAll("\r", "\u240d")))
    .join("\n");
}
