import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import StarIcon from "@patternfly/react-icons/dist/esm/icons/star-icon";
import type { ReactElement } from "react";
import type { Report, ReportError } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { fileName, integer, plural } from "../../parts/format";
import { HostLink } from "../../parts/HostLink";
import { Name } from "../../parts/Name";
import { PageSection } from "../../parts/PageSection";
import { Time } from "../../parts/Time";

/** Why runs failed: the reasons, and each error once. */
export function Errors({ report }: { report: Report }): ReactElement | null {
  const { reasons, errors, errors_total, errors_new } = report;
  if (reasons.length === 0 && errors.length === 0) {
    return null;
  }
  return (
    <PageSection title="Why runs failed" about={about(errors_total, errors_new, errors.length)}>
      <ul>
        {reasons.map(({ reason, runs, runs_before }) => (
          <li key={reason}>
            {reason.replaceAll("_", " ")}: {plural(runs, "run")} ({integer(runs_before)} before)
          </li>
        ))}
      </ul>
      <ul className="report-list">
        {errors.map((error) => (
          <li key={error.fingerprint}>
            <Failure error={error} />
          </li>
        ))}
      </ul>
    </PageSection>
  );
}

function about(total: number, fresh: number, listed: number): string | undefined {
  if (total === 0) {
    return undefined;
  }
  const shown = total > listed ? ` The first ${listed} are listed.` : "";
  return `${plural(total, "different error")}, of which ${integer(fresh)} never occurred before.${shown}`;
}

function Failure({ error }: { error: ReportError }): ReactElement {
  const { message, task, playbook, host, runs, runs_before, first, last, is_new } = error;
  return (
    <article>
      {is_new && (
        <Label isCompact color="orange" icon={<StarIcon />}>
          new
        </Label>
      )}{" "}
      in {plural(runs, "run")} ({integer(runs_before)} before)
      {task && (
        <>
          {" "}
          · <Name>{task}</Name>
        </>
      )}
      {playbook && (
        <>
          {" "}
          · <Name title={playbook}>{fileName(playbook)}</Name>
        </>
      )}
      {host && (
        <>
          {" "}
          · <HostLink name={host} />
        </>
      )}
      <div className="report-message">{message ?? "Its message is censored or was removed."}</div>
      <div className="pb-subtle pb-small">
        {first && (
          <>
            First in{" "}
            <ExecutionLink id={first.id}>
              <Time at={first.start_time} />
            </ExecutionLink>
          </>
        )}
        {last && (
          <>
            , last in{" "}
            <ExecutionLink id={last.id}>
              <Time at={last.start_time} />
            </ExecutionLink>
          </>
        )}
      </div>
    </article>
  );
}
