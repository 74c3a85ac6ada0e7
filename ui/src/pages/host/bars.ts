/** The height of a bar in percent: by the square root, so that short runs are visible beside very long ones. */
export function barHeight(seconds: number | undefined, longest: number): number {
  const LEAST = 12;
  if (seconds === undefined || longest <= 0) {
    return seconds === undefined ? 100 : LEAST;
  }
  return Math.round(LEAST + (100 - LEAST) * Math.sqrt(Math.max(0, seconds) / longest));
}
