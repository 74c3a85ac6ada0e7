import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { scheduleQuery } from "../../../api/schedules";
import type { Schedule } from "../../../api/types";
import { useScopes } from "../../../app/session";
import { LinkButton } from "../../../parts/LinkButton";
import { PageTitle } from "../../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../../parts/states";
import { NoScope } from "../NoScope";
import { mayChange } from "../words";
import { formOf } from "./form";
import { ScheduleFields } from "./ScheduleFields";
import "../schedules.css";

const route = getRouteApi("/shell/schedules/$name/edit");

/** Changes a schedule. */
export function EditSchedule(): ReactElement {
  const { name } = route.useParams();
  const { can, identity } = useScopes();
  return (
    <>
      <PageTitle
        title={`Edit ${name}`}
        details="From then on it starts runs on your behalf. It does not catch up on earlier times."
      />
      {identity === undefined ? <Loading /> : can("run") ? <Edit name={name} /> : <NoScope />}
    </>
  );
}

function Edit({ name }: { name: string }): ReactElement {
  const scopes = useScopes();
  // Read once, so that typed content is not overwritten.
  const schedule = useQuery({ ...scheduleQuery(name), refetchInterval: false });
  if (schedule.data === undefined) {
    return schedule.error === null ? (
      <Loading what="the schedule" />
    ) : (
      <Failed error={schedule.error} what="the schedule" retry={() => void schedule.refetch()} />
    );
  }
  return mayChange(schedule.data, scopes) ? (
    <Loaded key={name} schedule={schedule.data} />
  ) : (
    <Empty title="This schedule has another owner">
      Only {schedule.data.owner} and a token with the scope <code>admin</code> may change it.
    </Empty>
  );
}

function Loaded({ schedule }: { schedule: Schedule }): ReactElement {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form begins with what was read first
  const start = useMemo(() => formOf(schedule), []);
  return (
    <ScheduleFields
      start={start}
      before={schedule}
      cancel={
        <LinkButton to="/schedules/$name" params={{ name: schedule.name }} variant="link">
          Cancel
        </LinkButton>
      }
    />
  );
}

export { EditSchedule as component };
