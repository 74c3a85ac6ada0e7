/** Scrolls back to the reader's position. */
import { useLocation } from "@tanstack/react-router";
import { useEffect } from "react";
import { entryOf, recallPlace, rememberPlace } from "./places";

/** How long an element may take to reach its earlier height. */
const PATIENCE_MS = 5_000;

/** Remembers the scroll position of an element within a page; the page itself needs nothing (`app/scroll.ts`). */
export function useScrollPlace(selector: string, name: string, isShown: boolean): void {
  const entry = useLocation({ select: entryOf });
  useEffect(() => {
    const element = isShown ? document.querySelector(selector) : null;
    if (!(element instanceof HTMLElement)) {
      return undefined;
    }
    const place = recallPlace(entry, name);
    // Without one, it is another choice on the same page, which does not move the text.
    const stop = place === undefined ? () => undefined : restore(element, place);
    const remember = () => rememberPlace(entry, name, element.scrollTop);
    if (place === undefined) {
      remember();
    }
    element.addEventListener("scroll", remember, { passive: true });
    return () => {
      stop();
      element.removeEventListener("scroll", remember);
    };
  }, [selector, name, isShown, entry]);
}

/** Scrolls to a position, again while the page grows, until the reader scrolls; returns a function that stops it. */
export function restore(element: HTMLElement, top: number): () => void {
  element.scrollTop = top;
  if (top === 0) {
    return () => undefined;
  }
  const ended = new AbortController();
  const stop = () => ended.abort();
  const again = () => {
    element.scrollTop = top;
    if (Math.abs(element.scrollTop - top) <= 1) {
      stop();
    }
  };
  const sizes = new ResizeObserver(again);
  for (const child of element.children) {
    sizes.observe(child);
  }
  const timer = setTimeout(stop, PATIENCE_MS);
  ended.signal.addEventListener("abort", () => {
    sizes.disconnect();
    clearTimeout(timer);
  });
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    element.addEventListener(kind, stop, { passive: true, signal: ended.signal });
  }
  return stop;
}
