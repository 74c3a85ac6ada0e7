import { getRouteApi } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { useScopes } from "../../../app/session";
import { LinkButton } from "../../../parts/LinkButton";
import { PageTitle } from "../../../parts/PageTitle";
import { Loading } from "../../../parts/states";
import { NoScope } from "../NoScope";
import { newSchedule } from "./form";
import { ScheduleFields } from "./ScheduleFields";
import "../schedules.css";

const route = getRouteApi("/shell/schedules/-/new");

/** Makes a schedule. */
export function NewSchedule(): ReactElement {
  const preset = route.useSearch();
  const { can, identity } = useScopes();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const start = useMemo(() => newSchedule(preset, zone), [preset, zone]);
  return (
    <>
      <PageTitle
        title="New schedule"
        details="It starts runs on your behalf, for as long as your token may launch."
      />
      {identity === undefined ? (
        <Loading />
      ) : can("run") ? (
        <ScheduleFields
          start={start}
          cancel={
            <LinkButton to="/schedules" variant="link">
              Cancel
            </LinkButton>
          }
        />
      ) : (
        <NoScope />
      )}
    </>
  );
}

export { NewSchedule as component };
