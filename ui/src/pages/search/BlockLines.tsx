import { Link } from "@tanstack/react-router";
import { Fragment, type ReactElement } from "react";
import { plainText } from "../../console/ansi";
import { formatHash } from "../../console/selection";
import type { Block, Line } from "./blocks";

interface Props {
  run: string;
  block: Block;
}

/** The lines of a block with their numbers; those of printed lines open the console there. */
export function BlockLines({ run, block }: Props): ReactElement {
  return (
    <ol className="search-lines">
      {block.lines.map((line) => (
        <li key={line.number} className={line.parts.length > 1 ? "search-line" : "search-line search-around"}>
          <LineNumber run={run} block={block} line={line} />
          <code className="search-text">
            <Parts parts={line.parts} />
          </code>
        </li>
      ))}
    </ol>
  );
}

function LineNumber({ run, block, line }: Props & { line: Line }): ReactElement {
  if (block.in !== "output") {
    return <span className="search-number">{line.number + 1}</span>;
  }
  const hash = formatHash({ from: line.number, to: line.number });
  return (
    <Link
      className="search-number"
      to="/runs/$id/console"
      params={{ id: run }}
      hash={hash}
      aria-label={`Line ${line.number + 1} in the console`}
    >
      {line.number + 1}
    </Link>
  );
}

/** A text in parts, of which every second one is a match. */
function Parts({ parts }: { parts: readonly string[] }): ReactElement {
  return (
    <>
      {parts.map((part, index) => {
        // A carriage return rewrites a line in a terminal; here, the whole text that matches is shown.
        const text = plainText(part.replaceAll("\r", "\u240d"));
        // Parts have no identity except their position.
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        return index % 2 === 1 ? <mark key={index}>{text}</mark> : <Fragment key={index}>{text}</Fragment>;
      })}
    </>
  );
}
