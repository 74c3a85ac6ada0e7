/**
 * The scroll position of the pages. Not the router's own restoration: it scrolls once, when a page is first
 * drawn, at which time most pages still wait for their data.
 */
import { type AnyRouter, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { entryOf, recallPlace, rememberPlace } from "../parts/places";
import { restore } from "../parts/scroll";

const NAME = "page";

/** Scrolls the element to the top on a new page, and to where it was on Back, Forward and Reload. */
export function useScrollMemory(id: string): void {
  const router = useRouter();
  useEffect(() => {
    const element = document.getElementById(id);
    return element === null ? undefined : watch(router, element);
  }, [router, id]);
}

function watch(router: AnyRouter, element: HTMLElement): () => void {
  let entry = entryOf(router.state.resolvedLocation ?? router.state.location);
  let stop = restore(element, recallPlace(entry, NAME) ?? 0);
  const remember = () => rememberPlace(entry, NAME, element.scrollTop);
  const leaving = router.subscribe("onBeforeLoad", remember);
  const arrived = router.subscribe("onRendered", ({ fromLocation, toLocation }) => {
    const before = entry;
    entry = entryOf(toLocation);
    if (entry === before) {
      return;
    }
    const place = recallPlace(entry, NAME);
    if (place !== undefined || fromLocation === undefined || isAnotherPage(fromLocation, toLocation)) {
      stop();
      stop = restore(element, place ?? 0);
    }
  });
  window.addEventListener("pagehide", remember);
  return () => {
    stop();
    leaving();
    arrived();
    window.removeEventListener("pagehide", remember);
  };
}

/** Filters and the like leave the scroll position unchanged; a later page of a list is another page. */
export function isAnotherPage(from: RouteLocation, to: RouteLocation): boolean {
  return from.pathname !== to.pathname || from.search.cursor !== to.search.cursor;
}

interface RouteLocation {
  readonly pathname: string;
  readonly search: { readonly cursor?: unknown };
}
