import { Children, type ComponentProps, type ReactElement } from "react";
import { visibleText } from "../console/ansi";

/**
 * A recorded name or text, among our own words. It cannot affect the direction of its surroundings, and marks
 * within it that reverse or hide a part of it are visible: `web-`, U+202E, `gnp.01` would read as another
 * host's name.
 */
export function Name({ children, ...props }: ComponentProps<"bdi">): ReactElement {
  return (
    <bdi {...props}>
      {Children.map(children, (child) => (typeof child === "string" ? visibleText(child) : child))}
    </bdi>
  );
}
