/**
 * What time it is for the collector. Ages, and how long something has been going on, compare its times with now, and a browser's clock may
 * be minutes off. Each answer has the collector's time in whole seconds, so it tells between which two values the difference lies; what
 * all answers allow is soon exact to a fraction of a second.
 */
let least = Number.NEGATIVE_INFINITY;
let most = Number.POSITIVE_INFINITY;

/** Takes in the header `Date` of an answer, with the browser's time when it was asked for and when it came, in milliseconds. */
export function noteDate(date: string | null, asked: number, came: number): void {
  const second = Date.parse(date ?? "");
  if (Number.isNaN(second)) {
    return;
  }
  const [from, to] = [second - came, second + 1_000 - asked];
  if (from > most || to < least) {
    // One of the clocks was set.
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
