/**
 * Tasks, and hosts of unfolded tasks, over time. Only the lines in view are in the document, so that 20,000 lines
 * scroll as easily as 20.
 */
import { type CSSProperties, type ReactElement, type ReactNode, useRef } from "react";
import { duration } from "../parts/format";
import { Name } from "../parts/Name";
import { Axis, Gaps, percent, Stripes } from "./Axis";
import type { HostBar, Line, TaskBar } from "./bars";
import type { Scale } from "./scale";
import { useWindow } from "./useWindow";
import "./timeline.css";

/** Height of a line in CSS pixels; the style sheet says the same. */
const LINE = 30;

interface Props {
  lines: readonly Line[];
  scale: Scale;
  /** Numbers of the tasks whose hosts are shown. */
  open: ReadonlySet<number>;
  onToggle: (task: number) => void;
  /** The link to the result of a host's bar. */
  renderHost: (bar: HostBar) => ReactNode;
  /** Links beside a task's name. */
  renderTask: (bar: TaskBar) => ReactNode;
}

export function Timeline({ lines, scale, open, onToggle, renderHost, renderTask }: Props): ReactElement {
  const scroller = useRef<HTMLDivElement>(null);
  const { first, end } = useWindow(scroller, lines.length, LINE);
  return (
    <div className="pb-timeline">
      <Axis scale={scale} />
      <Gaps scale={scale} />
      <div ref={scroller} className="pb-timeline__scroller">
        <Stripes scale={scale} />
        <ul
          className="pb-timeline__lines"
          style={{ height: lines.length * LINE }}
          aria-label="Tasks over time"
        >
          {lines.slice(first, end).map((line, at) => (
            <li
              key={keyOf(line)}
              className={`pb-timeline__line pb-is-${line.kind}`}
              style={{ top: (first + at) * LINE }}
              aria-setsize={lines.length}
              aria-posinset={first + at + 1}
            >
              <span className="pb-timeline__name">
                {line.kind === "task" && (
                  <button
                    type="button"
                    className="pb-timeline__toggle"
                    aria-expanded={open.has(line.task.task)}
                    title={line.task.name}
                    onClick={() => onToggle(line.task.task)}
                  >
                    <span className="pb-timeline__caret" aria-hidden="true" />
                    <Name>{line.task.name || line.task.action}</Name>
                  </button>
                )}
                {line.kind === "task" && renderTask(line)}
                {line.kind === "host" && renderHost(line)}
                {line.kind === "note" && line.text}
              </span>
              {line.kind !== "note" && <Bar bar={line} scale={scale} />}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Bar({ bar, scale }: { bar: TaskBar | HostBar; scale: Scale }): ReactElement {
  const from = scale.place(bar.start);
  const style: CSSProperties = {
    insetInlineStart: percent(from),
    width: percent(scale.place(bar.end) - from),
  };
  const seconds = duration((bar.end - bar.start) / 1_000);
  const after = duration((bar.start - scale.start) / 1_000);
  return (
    <>
      <span className="pb-timeline__track">
        <span
          className={`pb-timeline__bar pb-is-${bar.tone}`}
          style={style}
          title={`${seconds}, from ${after} on`}
        />
      </span>
      <span className="pb-timeline__time">
        <span className={`pb-timeline__word pb-is-${bar.tone}`}>{bar.tone}</span> {seconds}
      </span>
    </>
  );
}

function keyOf(line: Line): string {
  switch (line.kind) {
    case "task":
      return `task ${line.task.task}`;
    case "host":
      return `result ${line.result.seq}`;
    default:
      return `note ${line.task.task}`;
  }
}
