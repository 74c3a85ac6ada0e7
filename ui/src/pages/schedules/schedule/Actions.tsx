import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import {
  deleteSchedule,
  pauseSchedule,
  renewSchedules,
  resumeSchedule,
  runSchedule,
} from "../../../api/schedules";
import type { Schedule } from "../../../api/types";
import { useScopes } from "../../../app/session";
import { ConfirmDialog } from "../../../parts/ConfirmDialog";
import { LinkButton } from "../../../parts/LinkButton";
import { MenuButton } from "../../../parts/MenuButton";
import { BY_HAND_WORDS, mayChange } from "../words";

/** The actions for a schedule that the user's permissions allow. */
export function Actions({ schedule }: { schedule: Schedule }): ReactElement | null {
  const { name, paused, last_execution, last_status } = schedule;
  const scopes = useScopes();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<"pause" | "resume" | "run" | "delete">();
  const close = () => setAsked(undefined);
  const isOurs = mayChange(schedule, scopes);
  // A deleted run cannot be repeated.
  const repeated = last_status && scopes.can("run") ? last_execution : undefined;
  return (
    <>
      {scopes.can("run") && (
        <Button variant="secondary" onClick={() => setAsked("run")}>
          Run now
        </Button>
      )}
      {repeated && (
        <LinkButton to="/launch" search={{ replay: repeated }} variant="secondary">
          Replay the last run
        </LinkButton>
      )}
      {isOurs && (
        <>
          <LinkButton to="/schedules/$name/edit" params={{ name }} variant="secondary">
            Edit
          </LinkButton>
          <Button variant="secondary" onClick={() => setAsked(paused ? "resume" : "pause")}>
            {paused ? "Resume" : "Pause"}
          </Button>
          <MenuButton
            label="More actions"
            isKebab
            actions={[{ name: "Delete", isDanger: true, onPick: () => setAsked("delete") }]}
          />
        </>
      )}
      {asked === "run" && (
        <ConfirmDialog
          title={`Run ${name} now?`}
          action="Run"
          hasNote
          close={close}
          confirm={async (note) => {
            const id = await runSchedule(name, note);
            await renewSchedules(cache);
            await navigate({ to: "/runs/$id/console", params: { id } });
          }}
        >
          <p>
            On behalf of your token. Its next times stay as they are{paused && ", and it stays paused"}.{" "}
            {last_status === "running" && BY_HAND_WORDS[schedule.overlap]}
          </p>
        </ConfirmDialog>
      )}
      {asked === "pause" && (
        <ConfirmDialog
          title={`Pause ${name}?`}
          action="Pause"
          hasNote
          close={close}
          confirm={async (note) => {
            await pauseSchedule(name, note);
            await renewSchedules(cache);
          }}
        >
          <p>It starts nothing until it is resumed. A running execution is not canceled.</p>
        </ConfirmDialog>
      )}
      {asked === "resume" && (
        <ConfirmDialog
          title={`Resume ${name}?`}
          action="Resume"
          hasNote
          close={close}
          confirm={async (note) => {
            await resumeSchedule(name, note);
            await renewSchedules(cache);
          }}
        >
          <p>It does not catch up on the times at which it was paused.</p>
        </ConfirmDialog>
      )}
      {asked === "delete" && (
        <ConfirmDialog
          title={`Delete ${name}?`}
          action="Delete"
          isDanger
          hasNote
          close={close}
          confirm={async (note) => {
            await deleteSchedule(name, note);
            await renewSchedules(cache);
            await navigate({ to: "/schedules", replace: true });
          }}
        >
          <p>
            Its runs go on, and stay in the history. The list of its times is deleted. This cannot be undone.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
