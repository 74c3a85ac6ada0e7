import { type RefObject, useEffect, useState } from "react";

/** Number of lines that are drawn above and below the view, so that quick scrolling shows no blank. */
const BEYOND = 12;

/** First and last (exclusive) of the lines that are drawn: those in view, and some more. */
export function useWindow(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  height: number,
): { first: number; end: number } {
  const [range, setRange] = useState({ first: 0, end: 60 });
  useEffect(() => {
    const element = scroller.current;
    if (!element) {
      return undefined;
    }
    let frame = 0;
    const measure = () => {
      frame = 0;
      const top = Math.floor(element.scrollTop / height);
      const bottom = Math.ceil((element.scrollTop + element.clientHeight) / height);
      setRange((last) =>
        // Most frames need no other lines.
        top >= last.first && bottom <= last.end && last.end - last.first < 4 * (bottom - top + BEYOND)
          ? last
          : { first: Math.max(0, top - BEYOND), end: bottom + BEYOND },
      );
    };
    const schedule = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    element.addEventListener("scroll", schedule, { passive: true });
    const observer = new ResizeObserver(schedule);
    observer.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener("scroll", schedule);
      observer.disconnect();
    };
  }, [scroller, height]);
  return { first: Math.min(range.first, Math.max(0, count - 1)), end: Math.min(range.end, count) };
}
