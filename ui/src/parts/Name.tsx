import { Children, type ComponentProps, type ReactElement } from "react";
import { visibleText } from "../console/ansi";

/**
 * A name or a text that was recorded, among our own words. It cannot turn what stands around it, and marks within it that turn or hide a
 * part of it are seen: `web-`, U+202E, `gnp.01` would read as another host's name.
 */
export function Name({ children, ...props }: ComponentProps<"bdi">): ReactElement {
  return (
    <bdi {...props}>
      {Children.map(children, (child) => (typeof child === "string" ? visibleText(child) : child))}
    </bdi>
  );
}
