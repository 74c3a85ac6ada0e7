/** The list of completions below a query: when it is open, which one is chosen, and what the keys do. */
import { type KeyboardEvent, useState } from "react";
import { type Completion, completions, typedAt } from "./complete";
import type { Field } from "./fields";
import { type KnownValues, useValues } from "./values";

interface Props {
  query: string;
  caret: number;
  fields: readonly Field[];
  known: KnownValues | undefined;
  /** Replaces the text between two positions of the query by a completion. */
  take(insert: string, start: number, end: number): void;
}

export interface CompletionList {
  readonly options: readonly Completion[];
  /** Index of the chosen option; -1 for none, so that Enter sends the query unchanged. */
  readonly active: number;
  open(): void;
  close(): void;
  choose(index: number): void;
  /** Whether the list used the key. */
  press(event: KeyboardEvent): boolean;
}

export function useCompletion({ query, caret, fields, known, take }: Props): CompletionList {
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const typed = isOpen ? typedAt(query, caret) : undefined;
  const values = useValues(fields, known, typed?.field, typed?.text ?? "");
  const options = typed === undefined ? [] : completions(typed, fields, values);
  // Text that is already complete needs no completion.
  const isDone = options.length === 1 && options[0]?.label === typed?.text;
  const shown = isDone ? [] : options;

  const close = () => {
    setOpen(false);
    setActive(-1);
  };
  const open = () => {
    setOpen(true);
    setActive(-1);
  };
  const choose = (index: number) => {
    const option = shown[index];
    if (option !== undefined && typed !== undefined) {
      take(option.insert, typed.start, typed.end);
      setActive(-1);
      // After a field's name, its values follow.
      setOpen(option.insert.endsWith(":"));
    }
  };
  const press = ({ key, ctrlKey, nativeEvent }: KeyboardEvent): boolean => {
    if (nativeEvent.isComposing) {
      return false;
    }
    const isEmpty = shown.length === 0;
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (isEmpty) {
        open();
      } else {
        const step = key === "ArrowDown" ? 1 : -1;
        // The position before the first option means the query unchanged.
        const places = shown.length + 1;
        setActive(((active + 1 + step + places) % places) - 1);
      }
      return true;
    }
    if (key === " " && ctrlKey) {
      open();
      return true;
    }
    if (key === "Escape" && !isEmpty) {
      close();
      return true;
    }
    if ((key === "Enter" || key === "Tab") && active >= 0 && !isEmpty) {
      choose(active);
      return true;
    }
    return false;
  };
  return { options: shown, active: Math.min(active, shown.length - 1), open, close, choose, press };
}
