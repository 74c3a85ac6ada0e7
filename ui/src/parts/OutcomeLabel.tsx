import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import EditIcon from "@patternfly/react-icons/dist/esm/icons/edit-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import ForwardIcon from "@patternfly/react-icons/dist/esm/icons/forward-icon";
import InProgressIcon from "@patternfly/react-icons/dist/esm/icons/in-progress-icon";
import MinusCircleIcon from "@patternfly/react-icons/dist/esm/icons/minus-circle-icon";
import UndoIcon from "@patternfly/react-icons/dist/esm/icons/undo-icon";
import UnlinkIcon from "@patternfly/react-icons/dist/esm/icons/unlink-icon";
import type { ComponentType, ReactElement } from "react";

/** The outcome of a task on a host, in Ansible's words. */
export type OutcomeWord =
  | "ok"
  | "changed"
  | "failed"
  | "unreachable"
  | "skipped"
  | "rescued"
  | "ignored"
  | "running"
  | "none";

type Color = "green" | "red" | "blue" | "orange" | "grey" | "purple" | "yellow";

interface Look {
  word: string;
  color: Color;
  icon: ComponentType;
}

/** The same colours as in the matrix, the host counts and Ansible's own output. */
export const OUTCOMES: { readonly [word in OutcomeWord]: Look } = {
  ok: { word: "ok", color: "green", icon: CheckCircleIcon },
  changed: { word: "changed", color: "yellow", icon: EditIcon },
  failed: { word: "failed", color: "red", icon: ExclamationCircleIcon },
  unreachable: { word: "unreachable", color: "purple", icon: UnlinkIcon },
  skipped: { word: "skipped", color: "grey", icon: ForwardIcon },
  rescued: { word: "rescued", color: "orange", icon: UndoIcon },
  ignored: { word: "ignored", color: "orange", icon: MinusCircleIcon },
  running: { word: "running", color: "blue", icon: InProgressIcon },
  none: { word: "not run", color: "grey", icon: MinusCircleIcon },
};

interface Props {
  outcome: OutcomeWord;
  /** Instead of the word alone, such as "3 failed". */
  text?: string;
}

/** The outcome of a task on a host: an icon, a word and a colour. */
export function OutcomeLabel({ outcome, text }: Props): ReactElement {
  const { word, color, icon: Icon } = OUTCOMES[outcome];
  return (
    <Label color={color} icon={<Icon />} isCompact variant="outline">
      {text ?? word}
    </Label>
  );
}
