import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import FlaskIcon from "@patternfly/react-icons/dist/esm/icons/flask-icon";
import ThumbtackIcon from "@patternfly/react-icons/dist/esm/icons/thumbtack-icon";
import type { ReactElement } from "react";
import type { Execution } from "../../api/types";
import { Duration } from "../../parts/Duration";
import { shortId } from "../../parts/format";
import { Name } from "../../parts/Name";
import { PageTitle } from "../../parts/PageTitle";
import { runName, who } from "../../parts/runs";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";
import { Actions } from "./Actions";

interface Props {
  run: Execution;
  isDeleted: boolean;
}

/** What ran, its status, who ran it, when and with which options; and the actions. */
export function RunHeader({ run, isDeleted }: Props): ReactElement {
  const name = runName(run);
  return (
    <PageTitle
      title={name}
      tab={`${name} ${shortId(run.id)}`}
      actions={isDeleted ? undefined : <Actions run={run} />}
      details={<Details run={run} />}
    >
      <StatusLabel status={run.status} phase={run.phase} reason={run.reason} isCompact={false} />
      {run.check && (
        <Label color="blue" variant="outline" icon={<FlaskIcon />}>
          check
        </Label>
      )}
      {run.pinned && (
        <Label color="grey" variant="outline" icon={<ThumbtackIcon />} title={run.pinned.note ?? ""}>
          pinned by <Name>{run.pinned.by}</Name>
        </Label>
      )}
    </PageTitle>
  );
}

function Details({ run }: { run: Execution }): ReactElement {
  const { git } = run;
  return (
    <ul className="run-details">
      <li>
        <Time at={run.start_time} /> (<Time at={run.start_time} as="ago" />)
      </li>
      <li>
        {run.status === "running" ? "for " : "took "}
        <Duration seconds={run.duration} since={run.start_time} />
      </li>
      <li>
        by <Name>{who(run)}</Name>
        {run.controller && (
          <>
            {" "}
            on <Name>{run.controller}</Name>
          </>
        )}
      </li>
      {git?.commit && (
        <li>
          git{" "}
          <span className="pb-code" title={git.commit}>
            {git.commit.slice(0, 8)}
          </span>
          {git.branch && (
            <>
              {" "}
              (<Name>{git.branch}</Name>
              {git.dirty && ", changed"})
            </>
          )}
        </li>
      )}
      {run.ansible_version && <li>ansible-core {run.ansible_version}</li>}
      <li>
        <span className="pb-code" title="The id of this run; commands take its last digits">
          {run.id}
        </span>
      </li>
    </ul>
  );
}
