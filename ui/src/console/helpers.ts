/** Small helpers of the console's component. */

import { type MouseEvent, type RefObject, useEffect, useRef } from "react";
import { numberOf } from "./chunk";
import type { LineStore, StoreState } from "./store";
import type { StreamName } from "./types";

export function classes(...names: (string | false)[]): string {
  return names.filter((name) => name !== false).join(" ");
}

/** Where the text of a line begins on the screen, after the number. */
export function textStart(line: HTMLElement): number {
  return line.getBoundingClientRect().left + Number.parseFloat(getComputedStyle(line).paddingInlineStart);
}

/** Shows the exact time of a line, in UTC, while the pointer is on its number. */
export function explainTime(event: MouseEvent, store: LineStore | undefined): void {
  const line = event.target;
  if (store === undefined || !(line instanceof HTMLElement) || !line.classList.contains("pbc-line")) {
    return;
  }
  const printed = store.lineAt(store.rowOf(numberOf(line)));
  if (event.clientX < textStart(line) && printed !== undefined) {
    line.title = `${new Date(printed.time).toISOString().replace("T", " ").replace("Z", " UTC")}, ${printed.stream}`;
  } else {
    line.removeAttribute("title");
  }
}

export function footer(store: StoreState, live: boolean, only: StreamName | undefined): string {
  if (!store.ready) {
    return store.error === undefined ? "Loading …" : "";
  }
  const count = `${store.rows.toLocaleString("en")} ${store.rows === 1 ? "line" : "lines"}`;
  const of = only === undefined ? "" : ` of ${only}`;
  const state = store.capped ? ": the first of more, see the raw text" : live ? " so far" : "";
  return `${count}${of}${state}`;
}

/** Ctrl+F opens the console's search; pressed again in its field, it opens the browser's own. */
export function useBrowserFind(field: RefObject<HTMLInputElement | null>, open: () => void): void {
  const latest = useRef(open);
  useEffect(() => {
    latest.current = open;
  });
  useEffect(() => {
    const press = (event: globalThis.KeyboardEvent) => {
      const isFind =
        (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key === "f";
      if (isFind && document.activeElement !== field.current) {
        event.preventDefault();
        latest.current();
      }
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [field]);
}
