import { useSyncExternalStore } from "react";

/** The same width as in search.css. */
const wide = window.matchMedia("(min-width: 1100px)");

/** Whether there is space for the facets beside the lines. */
export function useIsWide(): boolean {
  return useSyncExternalStore(subscribe, () => wide.matches);
}

function subscribe(listener: () => void): () => void {
  wide.addEventListener("change", listener);
  return () => wide.removeEventListener("change", listener);
}
