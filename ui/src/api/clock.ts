/**
 * The collector's time. Ages and running durations compare its times with now, and a browser's clock may be
 * minutes off. Each answer has the collector's time in whole seconds, which limits the difference to an
 * interval; the intersection of these intervals is soon exact to a fraction of a second.
 */
let least = Number.NEGATIVE_INFINITY;
let most = Number.POSITIVE_INFINITY;

/**
 * Processes the header `Date` of an answer, with the browser's time of the request and of the answer, in
 * milliseconds.
 */
export function noteDate(date: string | null, asked: number, came: number): void {
  const second = Date.parse(date ?? "");
  if (Number.isNaN(second)) {
    return;
  }
  const [from, to] = [second - came, second + 1_000 - asked];
  if (from > most || to < least) {
    // One of the clocks was changed.
    [least, most] = [from, to];
  } else {
    least = Math.max(least, from);
    most = Math.min(most, to);
  }
}

/** The collector's time in milliseconds since the epoch: the browser's own, unless that is wrong. */
export function collectorNow(): number {
  return Date.now() + Math.min(Math.max(0, least), most);
}
