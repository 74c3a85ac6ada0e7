import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import BanIcon from "@patternfly/react-icons/dist/esm/icons/ban-icon";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import PauseCircleIcon from "@patternfly/react-icons/dist/esm/icons/pause-circle-icon";
import PendingIcon from "@patternfly/react-icons/dist/esm/icons/pending-icon";
import type { ComponentType, ReactElement } from "react";
import type { DeliveryState } from "../../api/types";

interface Look {
  word: string;
  color: "green" | "red" | "orange" | "grey" | "blue";
  icon: ComponentType;
}

const TARGET_LOOKS: ReadonlyMap<string, Look> = new Map([
  ["on", { word: "On", color: "green", icon: CheckCircleIcon }],
  ["failing", { word: "Failing", color: "orange", icon: ExclamationTriangleIcon }],
  ["off", { word: "Switched off", color: "red", icon: BanIcon }],
  ["disabled", { word: "Paused", color: "grey", icon: PauseCircleIcon }],
]);

const DELIVERY_LOOKS: { readonly [state in DeliveryState]: Look } = {
  pending: { word: "Pending", color: "blue", icon: PendingIcon },
  delivered: { word: "Delivered", color: "green", icon: CheckCircleIcon },
  failed: { word: "Failed", color: "red", icon: ExclamationCircleIcon },
};

/** Whether a target is notified. */
export function TargetState({ state }: { state: string }): ReactElement {
  return <StateLabel {...(TARGET_LOOKS.get(state) ?? { word: state, color: "grey", icon: PendingIcon })} />;
}

/** The state of a message. */
export function DeliveryStateLabel({ state }: { state: DeliveryState }): ReactElement {
  return <StateLabel {...DELIVERY_LOOKS[state]} />;
}

function StateLabel({ word, color, icon: Icon }: Look): ReactElement {
  return (
    <Label color={color} icon={<Icon />} isCompact className="pb-status">
      {word}
    </Label>
  );
}
