import type { ReactElement } from "react";
import "./lists.css";

interface Props {
  /** A label for screen readers: "Body". */
  label: string;
  children: string;
}

/** A text that may be long: it scrolls separately, also with the keyboard. */
export function Scrolled({ label, children }: Props): ReactElement {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
    <figure className="pb-scrolled" tabIndex={0} aria-label={label}>
      <pre>{children}</pre>
    </figure>
  );
}
