import { useEffect, useRef, useState } from "react";

/** Pause in typing after which the typed text applies. */
const PAUSE_MS = 350;

/**
 * The text of a field whose value is in the address: other changes of the address (Back, a link) change the
 * field, too. The field's own changes arrive a moment later, when the user may have typed more: they do not
 * overwrite the text.
 */
export function useFieldText(value: string) {
  const [typed, setTyped] = useState(value);
  /** Requested values that have not arrived yet, in order. */
  const asked = useRef<string[]>([]);
  useEffect(() => {
    const at = asked.current.lastIndexOf(value);
    if (at < 0) {
      setTyped(value);
    }
    asked.current = at < 0 ? [] : asked.current.slice(at + 1);
  }, [value]);
  /** Must be called with the requested value; returns whether it is new. */
  const noteAsked = (text: string): boolean => {
    const isNews = text !== (asked.current.at(-1) ?? value);
    if (isNews) {
      asked.current.push(text);
    }
    return isNews;
  };
  return { typed, setTyped, noteAsked };
}

/** A field that shows typed text at once, and applies it after a pause or with Enter, without surrounding blanks. */
export function useTyped(value: string, apply: (value: string) => void) {
  const { typed, setTyped, noteAsked } = useFieldText(value);
  const applyNow = (text: string) => {
    noteAsked(text.trim());
    apply(text.trim());
  };
  const latest = useRef<(text: string) => void>(() => undefined);
  useEffect(() => {
    latest.current = (text) => {
      if (noteAsked(text.trim())) {
        apply(text.trim());
      }
    };
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a value that arrives begins the pause anew
  useEffect(() => {
    const timer = setTimeout(() => latest.current(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return { typed, setTyped, applyNow };
}
