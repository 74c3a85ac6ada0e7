import uPlot from "uplot";
import type { Zone } from "../../app/preferences";
import { duration } from "../../parts/format";
import type { Colors } from "./useColors";

interface Settings {
  width: number;
  height: number;
  colors: Colors;
  zone: Zone;
  /** Moments of change, in seconds since the epoch. */
  marks: readonly number[];
}

/** How uPlot draws durations over time. The series: successful runs, failed runs, median, 95th percentile. */
export function chartOptions({ width, height, colors, zone, marks }: Settings): uPlot.Options {
  const axis = {
    stroke: colors.text,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid },
  };
  const dots = (stroke: string, fill: string): uPlot.Series => ({
    stroke,
    paths: () => null,
    points: { show: true, size: 6, stroke, fill },
  });
  return {
    width,
    height,
    // Seconds since the epoch become dates of the chosen zone.
    tzDate: (seconds) =>
      zone === "utc" ? uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 10 } },
    scales: { y: { range: (_, __, most) => [0, (most || 1) * 1.1] } },
    axes: [
      { ...axis, values: DATES },
      { ...axis, size: 64, values: (_, splits) => splits.map((seconds) => duration(seconds)) },
    ],
    series: [
      {},
      dots(colors.good, colors.good),
      { stroke: colors.bad, paths: () => null, points: { show: crosses(colors.bad) } },
      { stroke: colors.median, width: 2, paths: steps(), points: { show: false } },
      { stroke: colors.text, width: 1, dash: [4, 4], points: { show: false } },
    ],
    hooks: { draw: [(plot) => drawMarks(plot, marks, colors.change)] },
  };
}

/** Dates as in the rest of the pages: year-month-day, and 24 hours. */
const DATES: uPlot.Axis.Values = [
  [3600 * 24 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [3600 * 24 * 28, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
  [3600 * 24, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600, "{HH}:{mm}", "\n{MM}-{DD}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{MM}-{DD}", null, null, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{MM}-{DD}", null, null, null, null, null, 1],
];

/** The median holds until it changes. */
function steps(): uPlot.Series.PathBuilder {
  return uPlot.paths.stepped?.({ align: 1 }) ?? (() => null);
}

/** Failed runs are crosses, so that they can be distinguished without colour. */
function crosses(color: string): uPlot.Series.Points.Show {
  return (plot, series, from, to) => {
    const { ctx } = plot;
    const reach = 4 * devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    for (let at = from; at <= to; at += 1) {
      const [x, y] = [plot.data[0][at], plot.data[series]?.[at]];
      if (x !== undefined && y !== undefined && y !== null) {
        const [left, top] = [plot.valToPos(x, "x", true), plot.valToPos(y, "y", true)];
        ctx.moveTo(left - reach, top - reach);
        ctx.lineTo(left + reach, top + reach);
        ctx.moveTo(left - reach, top + reach);
        ctx.lineTo(left + reach, top - reach);
      }
    }
    ctx.stroke();
    ctx.restore();
    // Drawn already: uPlot draws none of its own.
    return false;
  };
}

function drawMarks(plot: uPlot, marks: readonly number[], color: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  for (const mark of marks) {
    const left = plot.valToPos(mark, "x", true);
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}
