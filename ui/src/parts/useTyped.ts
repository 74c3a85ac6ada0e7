import { useEffect, useRef, useState } from "react";

/** How long nobody types before what was typed applies. */
const PAUSE_MS = 350;

/**
 * The text of a field whose value is in the address: what is typed shows at once, and applies after a pause or with
 * Enter. What changes the address otherwise (Back, a link) changes the field, too.
 */
export function useTyped(value: string, apply: (value: string) => void) {
  const [typed, setTyped] = useState(value);
  const latest = useRef(apply);
  useEffect(() => {
    latest.current = apply;
  });
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed.trim() === value) {
      return;
    }
    const timer = setTimeout(() => latest.current(typed.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return { typed, setTyped, applyNow: (text: string) => latest.current(text.trim()) };
}
