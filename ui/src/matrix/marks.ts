/** The mark of each outcome: lines in a square of 1 × 1, so that colour is never the only sign of an outcome. */
import { CODE } from "./decode";

type Line = readonly (readonly [number, number])[];

interface Mark {
  lines: readonly Line[];
  /** Width of the lines, as a part of the square. */
  weight: number;
  /** Whether the lines enclose an area that is filled. */
  filled?: boolean;
}

const CROSS: readonly Line[] = [
  [
    [0.28, 0.28],
    [0.72, 0.72],
  ],
  [
    [0.72, 0.28],
    [0.28, 0.72],
  ],
];

const MARKS: ReadonlyMap<number, Mark> = new Map<number, Mark>([
  [
    CODE.skipped,
    {
      lines: [
        [
          [0.35, 0.5],
          [0.65, 0.5],
        ],
      ],
      weight: 0.09,
    },
  ],
  [
    CODE.ok,
    {
      lines: [
        [
          [0.3, 0.52],
          [0.45, 0.67],
          [0.71, 0.34],
        ],
      ],
      weight: 0.08,
    },
  ],
  // A filled diamond.
  [
    CODE.changed,
    {
      lines: [
        [
          [0.5, 0.22],
          [0.78, 0.5],
          [0.5, 0.78],
          [0.22, 0.5],
          [0.5, 0.22],
        ],
      ],
      weight: 0.02,
      filled: true,
    },
  ],
  [CODE.ignored, { lines: CROSS, weight: 0.08 }],
  // A cross with a line below it: a failure that was handled.
  [
    CODE.rescued,
    {
      lines: [
        ...CROSS.map((line) => line.map(([x, y]) => [x, y - 0.08] as const)),
        [
          [0.25, 0.82],
          [0.75, 0.82],
        ],
      ],
      weight: 0.08,
    },
  ],
  [CODE.failed, { lines: CROSS, weight: 0.14 }],
  // An exclamation mark.
  [
    CODE.unreachable,
    {
      lines: [
        [
          [0.5, 0.22],
          [0.5, 0.58],
        ],
        [
          [0.5, 0.72],
          [0.5, 0.8],
        ],
      ],
      weight: 0.13,
    },
  ],
]);

/** Draws the mark of an outcome into a square. */
export function drawMark(
  context: Pick<
    CanvasRenderingContext2D,
    "beginPath" | "moveTo" | "lineTo" | "stroke" | "fill" | "lineWidth" | "strokeStyle" | "fillStyle"
  >,
  code: number,
  square: { x: number; y: number; size: number },
  colour: string,
): void {
  const mark = MARKS.get(code);
  if (!mark) {
    return;
  }
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = Math.max(1, mark.weight * square.size);
  for (const line of mark.lines) {
    context.beginPath();
    line.forEach(([x, y], at) => {
      const point = [square.x + x * square.size, square.y + y * square.size] as const;
      if (at === 0) {
        context.moveTo(...point);
      } else {
        context.lineTo(...point);
      }
    });
    if (mark.filled) {
      context.fill();
    } else {
      context.stroke();
    }
  }
}

/** The lines of a mark, for the legend's pictures. */
export function markPath(code: number): { d: string; weight: number; filled: boolean } {
  const mark = MARKS.get(code);
  const lines = mark?.lines ?? [];
  return {
    d: lines.map((line) => `M${line.map(([x, y]) => `${x} ${y}`).join("L")}`).join(""),
    weight: mark?.weight ?? 0,
    filled: mark?.filled ?? false,
  };
}
