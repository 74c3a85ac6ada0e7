import { useEffect, useRef, useState } from "react";

/** How long nobody types before what was typed applies. */
const PAUSE_MS = 350;

/**
 * The text of a field whose value is in the address: what changes the address otherwise (Back, a link) changes the field, too.
 * What the field itself asked for arrives a moment later, when somebody may have typed on: it takes nothing back.
 */
export function useFieldText(value: string) {
  const [typed, setTyped] = useState(value);
  /** What was asked for and has not arrived yet, in order. */
  const asked = useRef<string[]>([]);
  useEffect(() => {
    const at = asked.current.lastIndexOf(value);
    if (at < 0) {
      setTyped(value);
    }
    asked.current = at < 0 ? [] : asked.current.slice(at + 1);
  }, [value]);
  /** To be called with what is requested; says whether that is news. */
  const noteAsked = (text: string): boolean => {
    const isNews = text !== (asked.current.at(-1) ?? value);
    if (isNews) {
      asked.current.push(text);
    }
    return isNews;
  };
  return { typed, setTyped, noteAsked };
}

/** A field of which what is typed shows at once, and applies after a pause or with Enter, without blanks around it. */
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
