import {
  ClipboardCopy,
  type ClipboardCopyProps,
} from "@patternfly/react-core/dist/esm/components/ClipboardCopy";
import { type ReactElement, useState } from "react";
import { copyText } from "../console/clipboard";

type Props = Pick<
  ClipboardCopyProps,
  "textAriaLabel" | "toggleAriaLabel" | "className" | "isExpanded" | "variant"
> & {
  children: string;
};

/** A text to copy. Shows "Copied" only if the browser did it. */
export function CopyField({ children, ...props }: Props): ReactElement {
  const [isCopied, setCopied] = useState(true);
  return (
    <ClipboardCopy
      {...props}
      isReadOnly
      isCode
      hoverTip="Copy"
      clickTip={isCopied ? "Copied" : "The browser did not allow copying"}
      onCopy={(_, text) => void copyText(String(text ?? "")).then(setCopied)}
    >
      {children}
    </ClipboardCopy>
  );
}
