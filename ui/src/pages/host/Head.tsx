import { Label, LabelGroup } from "@patternfly/react-core/dist/esm/components/Label";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { HostDetail } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { integer } from "../../parts/format";
import { recapWords } from "../../parts/hostRuns";
import { LinkButton } from "../../parts/LinkButton";
import { Name } from "../../parts/Name";
import { OutcomeLabel } from "../../parts/OutcomeLabel";
import { PageTitle } from "../../parts/PageTitle";
import { runName } from "../../parts/runs";
import { Time } from "../../parts/Time";

/** The host's name, its status, and the facts about it that fit in a few lines. */
export function Head({ host }: { host: HostDetail }): ReactElement {
  const { name, last_run, last_change, first_run, runs, has_more_runs, groups } = host;
  return (
    <>
      <PageTitle
        title={name}
        tab={`Host ${name}`}
        actions={
          <LinkButton to="/search" search={{ q: `host:${quoted(name)}` }} variant="secondary">
            Search its output
          </LinkButton>
        }
        details={
          <>
            Last seen <Time at={last_run.start_time} as="ago" /> in{" "}
            <ExecutionLink id={last_run.execution}>{runName(last_run)}</ExecutionLink> (
            {recapWords(last_run.stats)}).{" "}
            {last_change ? (
              <>
                Last changed <Time at={last_change.start_time} as="ago" /> by{" "}
                <ExecutionLink id={last_change.execution}>{runName(last_change)}</ExecutionLink>.
              </>
            ) : (
              "No run changed it."
            )}{" "}
            <Link to="/runs" search={{ host: name }}>
              {integer(runs)}
              {has_more_runs && "+"} {runs === 1 ? "run" : "runs"}
            </Link>{" "}
            since <Time at={first_run.start_time} />.
          </>
        }
      >
        <OutcomeLabel outcome={host.status} />
      </PageTitle>
      {groups && groups.length > 0 && (
        <LabelGroup categoryName="Groups" numLabels={12} className="host-groups">
          {groups.map((group) => (
            <Label key={group} isCompact variant="outline">
              <Name>{group}</Name>
            </Label>
          ))}
        </LabelGroup>
      )}
    </>
  );
}

/** A name in a query: quoted, unless it only has letters, digits and the like. */
export function quoted(name: string): string {
  return /^[\w.:-]+$/.test(name) ? name : `"${name.replaceAll(/[\\"]/g, "\\$&")}"`;
}
