import type { ReactElement } from "react";
import { duration } from "../parts/format";
import { type Scale, ticksOf } from "./scale";

/** Marks on the axis: time since the beginning. */
const TICKS = 8;

/** The axis above the bars. */
export function Axis({ scale }: { scale: Scale }): ReactElement {
  return (
    <div className="pb-timeline__axis">
      <span className="pb-timeline__name">Task</span>
      <div className="pb-timeline__track" aria-hidden="true">
        {ticksOf(scale, TICKS).map((tick) => (
          <span
            key={tick}
            className="pb-timeline__tick"
            style={{ insetInlineStart: percent(scale.place(tick)) }}
          >
            {tick === scale.start ? "0" : duration((tick - scale.start) / 1_000)}
          </span>
        ))}
      </div>
      <span className="pb-timeline__time">Time</span>
    </div>
  );
}

/** Marks stretches in which nothing ran for long: the axis is shorter there. */
export function Gaps({ scale }: { scale: Scale }): ReactElement | null {
  if (scale.gaps.length === 0) {
    return null;
  }
  return (
    <div className="pb-timeline__gaps">
      <span className="pb-timeline__name">Idle</span>
      <div className="pb-timeline__track">
        {scale.gaps.map((gap) => (
          <span
            key={gap.start}
            className="pb-timeline__idle"
            style={{ insetInlineStart: percent((gap.from + gap.to) / 2) }}
          >
            {duration((gap.end - gap.start) / 1_000)} idle
          </span>
        ))}
      </div>
      <span className="pb-timeline__time" />
    </div>
  );
}

/** The same stretches behind the bars. */
export function Stripes({ scale }: { scale: Scale }): ReactElement {
  return (
    <div className="pb-timeline__stripes" aria-hidden="true">
      <span className="pb-timeline__name" />
      <div className="pb-timeline__track">
        {scale.gaps.map((gap) => (
          <span
            key={gap.start}
            className="pb-timeline__gap"
            style={{ insetInlineStart: percent(gap.from), width: percent(gap.to - gap.from) }}
          />
        ))}
      </div>
      <span className="pb-timeline__time" />
    </div>
  );
}

export function percent(part: number): string {
  return `${(part * 100).toFixed(4)}%`;
}
