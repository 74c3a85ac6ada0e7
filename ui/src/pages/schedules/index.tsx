import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { schedulesQuery } from "../../api/schedules";
import { useScopes } from "../../app/session";
import { failureOf } from "../../parts/failure";
import { LinkButton } from "../../parts/LinkButton";
import { PageTitle } from "../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../parts/states";
import { ScheduleTable } from "./ScheduleTable";
import "../../parts/lists.css";
import "./schedules.css";

/** What the collector runs by the clock. */
export function Schedules(): ReactElement {
  const { can } = useScopes();
  const schedules = useQuery(schedulesQuery);
  const failure = failureOf(schedules);
  return (
    <>
      <PageTitle
        title="Schedules"
        details="What the collector runs by the clock, and the status of each last run."
        actions={
          can("run") && (
            <LinkButton to="/schedules/-/new" variant="primary">
              New schedule
            </LinkButton>
          )
        }
      />
      {failure !== undefined && (
        <Failed error={failure} what="the schedules" retry={() => void schedules.refetch()} />
      )}
      {schedules.isPending && <Loading what="the schedules" />}
      {schedules.data !== undefined &&
        (schedules.data.length === 0 ? (
          <NoSchedules mayMake={can("run")} />
        ) : (
          <ScheduleTable schedules={schedules.data} />
        ))}
    </>
  );
}

function NoSchedules({ mayMake }: { mayMake: boolean }): ReactElement {
  return (
    <Empty
      title="Nothing runs by the clock yet"
      actions={
        mayMake && (
          <LinkButton to="/schedules/-/new" variant="secondary">
            Run a playbook every night
          </LinkButton>
        )
      }
    >
      {mayMake
        ? "A schedule runs a playbook or a module at the times of a cron line, records why it did not, and starts nothing while its last run is not over."
        : "Making one needs a token with the scope run."}
    </Empty>
  );
}

export { Schedules as component };
