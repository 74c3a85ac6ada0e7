import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import BanIcon from "@patternfly/react-icons/dist/esm/icons/ban-icon";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon";
import HourglassIcon from "@patternfly/react-icons/dist/esm/icons/hourglass-icon";
import InProgressIcon from "@patternfly/react-icons/dist/esm/icons/in-progress-icon";
import PendingIcon from "@patternfly/react-icons/dist/esm/icons/pending-icon";
import UnlinkIcon from "@patternfly/react-icons/dist/esm/icons/unlink-icon";
import type { ComponentType, ReactElement } from "react";
import type { Phase, Reason, Status } from "../api/types";

type Color = "green" | "red" | "blue" | "orange" | "grey" | "purple";

interface Look {
  word: string;
  color: Color;
  icon: ComponentType;
}

interface Props {
  status: Status;
  phase?: Phase | undefined;
  reason?: Reason | null | undefined;
  isCompact?: boolean;
}

/** The status of a run: an icon, a word and a colour. */
export function StatusLabel({ status, phase, reason, isCompact = true }: Props): ReactElement {
  const { word, color, icon: Icon } = statusLook(status, phase, reason);
  return (
    <Label color={color} icon={<Icon />} isCompact={isCompact} className="pb-status">
      {word}
    </Label>
  );
}

const REASONS: { [reason in Reason]: Look } = {
  task_failed: { word: "Failed", color: "red", icon: ExclamationCircleIcon },
  unreachable: { word: "Unreachable", color: "red", icon: UnlinkIcon },
  canceled: { word: "Canceled", color: "orange", icon: BanIcon },
  timed_out: { word: "Timed out", color: "red", icon: HourglassIcon },
  lost: { word: "Lost", color: "orange", icon: UnlinkIcon },
  launch_error: { word: "Not started", color: "red", icon: ExclamationCircleIcon },
  ansible_error: { word: "Ansible error", color: "red", icon: ExclamationCircleIcon },
};

export function statusLook(status: Status, phase?: Phase, reason?: Reason | null): Look {
  if (status === "success") {
    return { word: "Success", color: "green", icon: CheckCircleIcon };
  }
  if (status === "failed") {
    return REASONS[reason ?? "task_failed"] ?? REASONS.task_failed;
  }
  if (phase === "queued" || phase === "starting") {
    return { word: phase === "queued" ? "Queued" : "Starting", color: "grey", icon: PendingIcon };
  }
  return { word: "Running", color: "blue", icon: InProgressIcon };
}
