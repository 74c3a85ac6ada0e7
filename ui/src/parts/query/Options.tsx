import { type ReactElement, useEffect, useRef } from "react";
import { Name } from "../Name";
import type { Completion } from "./complete";

interface Props {
  id: string;
  label: string;
  options: readonly Completion[];
  /** Index of the chosen option, or -1. */
  active: number;
  optionId(index: number): string;
  choose(index: number): void;
}

/** The completions below a query. The focus stays in the field, which says which option is chosen. */
export function Options({ id, label, options, active, optionId, choose }: Props): ReactElement {
  const chosen = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active >= 0) {
      chosen.current?.scrollIntoView({ block: "nearest" });
    }
  }, [active]);
  return (
    <div id={id} role="listbox" aria-label={label} className="pb-query-options" hidden={options.length === 0}>
      {options.map(({ label: text, about }, index) => (
        // The keys belong to the field.
        // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus (aria-activedescendant)
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
        <div
          key={text}
          ref={index === active ? chosen : null}
          id={optionId(index)}
          role="option"
          aria-selected={index === active}
          className="pb-query-option"
          // A click must not take the focus from the field.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => choose(index)}
        >
          <Name className="pb-query-option-name">{text}</Name>
          {about !== undefined && <span className="pb-query-option-about">{about}</span>}
        </div>
      ))}
    </div>
  );
}
