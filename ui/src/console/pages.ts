/** Pages of lines, as they are fetched. */

/** Lines of a page. */
export const PAGE_LINES = 1000;

/** The beginning of the page that contains a line. */
export function pageOf(line: number): number {
  return Math.floor(line / PAGE_LINES) * PAGE_LINES;
}
