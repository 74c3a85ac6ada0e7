import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon";
import FlaskIcon from "@patternfly/react-icons/dist/esm/icons/flask-icon";
import ThumbtackIcon from "@patternfly/react-icons/dist/esm/icons/thumbtack-icon";
import { Td, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { memo, type ReactElement } from "react";
import type { ListedExecution, RecentRun } from "../../api/types";
import { runCost, runCostParts } from "../../parts/cost";
import { Duration } from "../../parts/Duration";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { fileName, shortId } from "../../parts/format";
import { HostCounts } from "../../parts/HostCounts";
import { Name } from "../../parts/Name";
import { runName, who } from "../../parts/runs";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";
import { LastRuns } from "./LastRuns";

interface Props {
  run: ListedExecution;
  /** The last runs of its playbook. */
  recent: readonly RecentRun[] | undefined;
  isSelected: boolean;
  /** Whether there is a column for it. */
  hasCost: boolean;
  select(run: ListedExecution, isSelected: boolean): void;
}

/** A run in the list. Only drawn again when its own record changes. */
export const RunRow = memo(function RunRow(props: Props): ReactElement {
  const { run, recent, isSelected, hasCost, select } = props;
  const name = runName(run);
  return (
    <Tr isRowSelected={isSelected}>
      {/* PatternFly's own column labels its boxes "Select row 0", "Select row 1". */}
      <Td className="pf-v6-c-table__check">
        <Checkbox
          id={`select-${run.id}`}
          aria-label={`Select ${name}, ${shortId(run.id)}`}
          isChecked={isSelected}
          onChange={(_, checked) => select(run, checked)}
        />
      </Td>
      <Td dataLabel="Status">
        <StatusLabel status={run.status} phase={run.phase} reason={run.reason} />
      </Td>
      <Td dataLabel="Run" className="runs-name">
        <ExecutionLink id={run.id}>
          <Name>{name}</Name>
        </ExecutionLink>{" "}
        <Marks run={run} />
        <Details run={run} />
      </Td>
      <Td dataLabel="Last runs" className="runs-wide">
        {run.playbook && <LastRuns playbook={run.playbook} id={run.id} runs={recent} />}
      </Td>
      <Td dataLabel="Hosts">
        <HostCounts counts={run.hosts_by_outcome} />
      </Td>
      <Td dataLabel="Started" className="runs-when">
        <Time at={run.start_time} />
        <div className="pb-subtle runs-small">
          <Time at={run.start_time} as="ago" />
        </div>
      </Td>
      <Td dataLabel="Duration">
        <Duration seconds={run.duration} since={run.start_time} />
      </Td>
      {hasCost && (
        <Td dataLabel="Cost" className="pb-number">
          <Cost run={run} />
        </Td>
      )}
      <Td dataLabel="By" className="runs-by runs-roomy">
        <Name>{who(run)}</Name>
        {run.controller && (
          <div className="pb-subtle runs-small">
            on <Name>{run.controller}</Name>
          </div>
        )}
      </Td>
    </Tr>
  );
});

/** What it cost; nothing while it is running. */
function Cost({ run: { cost } }: { run: ListedExecution }): ReactElement | null {
  return cost ? <span title={runCostParts(cost)}>{runCost(cost)}</span> : null;
}

/** What distinguishes a run: a check, a pin, an incomplete record. */
function Marks({ run }: { run: ListedExecution }): ReactElement {
  const isIncomplete = !run.events.complete && run.status !== "running";
  return (
    <>
      {run.check && (
        <Label isCompact color="blue" variant="outline" icon={<FlaskIcon />}>
          check
        </Label>
      )}{" "}
      {run.pinned && (
        <Label isCompact color="grey" variant="outline" icon={<ThumbtackIcon />}>
          pinned
        </Label>
      )}{" "}
      {isIncomplete && (
        <Label
          isCompact
          color="orange"
          icon={<ExclamationTriangleIcon />}
          title={run.events.missing ?? "Events are missing"}
        >
          incomplete
        </Label>
      )}
    </>
  );
}

/** Inventory, limit, tags, labels and note, if there are any. */
function Details({ run }: { run: ListedExecution }): ReactElement {
  const parts = [
    run.inventory && `on ${run.inventory.split(",").map(fileName).join(", ")}`,
    run.limit && `limit ${run.limit}`,
    run.tags?.length && `tags ${run.tags.join(", ")}`,
    run.skip_tags?.length && `without tags ${run.skip_tags.join(", ")}`,
    run.labels?.length && `labels ${run.labels.join(", ")}`,
  ].filter(Boolean);
  return (
    <div className="pb-subtle runs-small">
      <Name>{parts.join(" · ")}</Name>
      <div className="runs-narrow">
        by <Name>{who(run)}</Name>
      </div>
      {run.note && (
        <div className="runs-note" title={run.note}>
          <Name>“{run.note}”</Name>
        </div>
      )}
    </div>
  );
}
