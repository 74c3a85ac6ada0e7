import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { scheduleQuery } from "../../../api/schedules";
import type { Schedule } from "../../../api/types";
import { failureOf } from "../../../parts/failure";
import { Name } from "../../../parts/Name";
import { PageTitle } from "../../../parts/PageTitle";
import { Failed, Loading } from "../../../parts/states";
import { ScheduleState } from "../StateLabel";
import { Times } from "../Times";
import { Why } from "../Why";
import { Actions } from "./Actions";
import { Past } from "./Past";
import { Settings } from "./Settings";
import "../../../parts/lists.css";
import "../schedules.css";

const route = getRouteApi("/shell/schedules/$name");

/** One schedule: its settings, its next times, the outcome of its last ones, and what prevents its runs. */
export function OneSchedule(): ReactElement {
  const { name } = route.useParams();
  const schedule = useQuery(scheduleQuery(name));
  const failure = failureOf(schedule);
  if (failure !== undefined) {
    return <Failed error={failure} what="this schedule" retry={() => void schedule.refetch()} isPage />;
  }
  return schedule.data === undefined ? (
    <Loading what="the schedule" />
  ) : (
    <Loaded key={name} schedule={schedule.data} />
  );
}

function Loaded({ schedule }: { schedule: Schedule }): ReactElement {
  const { name, description, blocked, next } = schedule;
  return (
    <>
      <PageTitle
        title={name}
        tab={`${name} · Schedules`}
        actions={<Actions schedule={schedule} />}
        details={description && <Name>{description}</Name>}
      >
        <ScheduleState schedule={schedule} />
      </PageTitle>
      <div className="schedules-page">
        {blocked && (
          <Alert
            isInline
            variant={blocked.reason === "paused" ? "info" : "danger"}
            component="p"
            title={
              blocked.reason === "paused" ? "It is paused, and starts nothing" : "It would start nothing now"
            }
          >
            <Why schedule={schedule} />
          </Alert>
        )}
        <div className="schedules-columns">
          <Settings schedule={schedule} />
          <section aria-labelledby="schedule-next">
            <Title headingLevel="h2" size="lg" id="schedule-next">
              Next times
            </Title>
            {next.length === 0 ? (
              <p className="pb-subtle">
                {schedule.paused ? "None while it is paused." : "None: its times are over."}
              </p>
            ) : (
              <Times times={next} />
            )}
          </section>
        </div>
        <Past schedule={schedule} />
      </div>
    </>
  );
}

export { OneSchedule as component };
