import { type ReactElement, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import type { DurationChange } from "../../api/types";
import { usePreferences } from "../../app/preferences";
import { dateTime, duration } from "../../parts/format";
import { chartOptions } from "./chartOptions";
import type { Point } from "./points";
import { useColors } from "./useColors";
import "uplot/dist/uPlot.min.css";

const HEIGHT = 240;

interface Props {
  label: string;
  points: readonly Point[];
  /** The median at each point. */
  medians: readonly (number | null)[];
  p95: number;
  changes: readonly DurationChange[];
  /** A run was chosen. */
  open(id: string): void;
}

/** Runs as dots by their duration, the median as a line, the moments of change as vertical lines. */
export default function DurationChart(props: Props): ReactElement {
  const { label, points, medians, p95, changes } = props;
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  const [pointed, setPointed] = useState<{ point: Point; left: number; top: number }>();
  const { zone } = usePreferences();
  const colors = useColors();
  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    const target = place.current;
    if (target === null) {
      return;
    }
    const marks = changes.map(({ run }) => Date.parse(run.start_time) / 1000);
    const options = chartOptions({ width: target.clientWidth, height: HEIGHT, colors, zone, marks });
    const at = ({ cursor }: uPlot) => (cursor.idx == null ? undefined : points[cursor.idx]);
    const chart = new uPlot(
      {
        ...options,
        hooks: {
          ...options.hooks,
          setCursor: [
            (plot) => {
              const point = at(plot);
              const left = plot.cursor.left ?? -1;
              const isInside = point !== undefined && left >= 0;
              setPointed(isInside ? { point, left, top: plot.cursor.top ?? 0 } : undefined);
            },
          ],
        },
      },
      [
        points.map(({ start }) => start / 1000),
        points.map((point) => (point.isGood ? point.duration : null)),
        points.map((point) => (point.isGood ? null : point.duration)),
        [...medians],
        points.map(() => p95),
      ],
      target,
    );
    const choose = () => {
      const point = at(chart);
      if (point !== undefined) {
        latest.current.open(point.id);
      }
    };
    chart.over.addEventListener("click", choose);
    const resize = new ResizeObserver(() => chart.setSize({ width: target.clientWidth, height: HEIGHT }));
    resize.observe(target);
    return () => {
      resize.disconnect();
      chart.destroy();
      setPointed(undefined);
    };
  }, [points, medians, p95, changes, colors, zone]);
  return (
    <div className="trends-chart-frame">
      <div ref={place} className="trends-chart" role="img" aria-label={label} />
      {pointed !== undefined && (
        <div className="trends-tip" style={{ insetInlineStart: pointed.left + 64 }} aria-hidden="true">
          {dateTime(new Date(pointed.point.start), zone)}: {pointed.point.isGood ? "succeeded" : "failed"} in{" "}
          {duration(pointed.point.duration)}
        </div>
      )}
      <ul className="trends-legend pb-small">
        <li>
          <span className="trends-key-dot" aria-hidden="true" /> succeeded
        </li>
        <li>
          <span aria-hidden="true">✕</span> failed
        </li>
        <li>
          <span className="trends-key-line" aria-hidden="true" /> median
        </li>
        <li>
          <span className="trends-key-dashes" aria-hidden="true" /> 95 of 100 runs took no longer
        </li>
        {changes.length > 0 && (
          <li>
            <span className="trends-key-change" aria-hidden="true" /> the duration changed
          </li>
        )}
      </ul>
    </div>
  );
}
