import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import { type ReactElement, type RefObject, useLayoutEffect, useState } from "react";
import { Name } from "../Name";
import { beforeColumn, queryProblem } from "./problem";

interface Props {
  query: string;
  /** The collector's message, which names the column. */
  message: string;
  /** The field: the mark is below the column in it. */
  input: RefObject<HTMLInputElement | null>;
}

/** The error in a query, below its position. */
export function Problem({ query, message, input }: Props): ReactElement {
  const { column, text } = queryProblem(message);
  const start = useTextStart(input);
  return (
    <div className="pb-query-problem">
      {column !== undefined && (
        <div className="pb-query-mark" aria-hidden="true">
          <span style={{ marginInlineStart: start }}>
            <span className="pb-query-before">{beforeColumn(query, column)}</span>▲
          </span>
        </div>
      )}
      <div className="pb-query-problem-text">
        <ExclamationCircleIcon />
        <span>
          {column !== undefined && <span className="pb-subtle">Column {column}: </span>}
          <Name>{text}</Name>
        </span>
      </div>
    </div>
  );
}

/** How far from its edge the field's text begins, in pixels: less, once a long text is scrolled. */
function useTextStart(input: RefObject<HTMLInputElement | null>): number {
  const [start, setStart] = useState(0);
  useLayoutEffect(() => {
    const field = input.current;
    if (field === null) {
      return;
    }
    const measure = () => {
      const box = field.closest(".pb-query-box")?.getBoundingClientRect();
      const padding = Number.parseFloat(getComputedStyle(field).paddingInlineStart) || 0;
      setStart(field.getBoundingClientRect().left - (box?.left ?? 0) + padding - field.scrollLeft);
    };
    measure();
    field.addEventListener("scroll", measure);
    return () => field.removeEventListener("scroll", measure);
  }, [input]);
  return start;
}
