import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import MinusCircleIcon from "@patternfly/react-icons/dist/esm/icons/minus-circle-icon";
import PauseCircleIcon from "@patternfly/react-icons/dist/esm/icons/pause-circle-icon";
import type { ReactElement } from "react";
import type { Schedule } from "../../api/types";
import { OUTCOME_WORDS } from "./words";

/** Whether a schedule would start a run if its time came now. */
export function ScheduleState({ schedule }: { schedule: Schedule }): ReactElement {
  const { blocked, next } = schedule;
  if (blocked?.reason === "paused") {
    return (
      <Label color="grey" icon={<PauseCircleIcon />} isCompact className="pb-status">
        Paused
      </Label>
    );
  }
  if (blocked) {
    return (
      <Label color="red" icon={<ExclamationTriangleIcon />} isCompact className="pb-status">
        {OUTCOME_WORDS[blocked.reason]}
      </Label>
    );
  }
  return next.length === 0 ? (
    <Label color="grey" icon={<MinusCircleIcon />} isCompact className="pb-status">
      Over
    </Label>
  ) : (
    <Label color="green" icon={<CheckCircleIcon />} isCompact className="pb-status">
      Active
    </Label>
  );
}
