import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { FailureGroup } from "../../../api/types";
import { ExecutionLink } from "../../../parts/ExecutionLink";
import { plural } from "../../../parts/format";
import { Name } from "../../../parts/Name";
import { Time } from "../../../parts/Time";

interface Props {
  /** The run that failed. */
  id: string;
  host: string;
  success: NonNullable<FailureGroup["last_success"]>;
}

/** When the task last succeeded on the host, and what has changed since then. */
export function LastSuccess({ id, host, success }: Props): ReactElement {
  const { run, searched, differences } = success;
  if (!run) {
    return searched === 0 ? (
      <>no earlier run of this playbook on this host</>
    ) : (
      <>in none of the {plural(searched, "earlier run")} on this host</>
    );
  }
  return (
    <>
      <ExecutionLink id={run.id}>
        <Time at={run.start_time} />
      </ExecutionLink>{" "}
      on <Name>{host}</Name> ·{" "}
      <Link to="/compare/$a/$b" params={{ a: run.id, b: id }}>
        Compare with it
      </Link>
      {differences.length === 0 ? (
        <div className="pb-subtle">No parameter has changed since then.</div>
      ) : (
        <ul className="summary-differences" aria-label="Different since then">
          {differences.map(({ field, before, now }) => (
            <li key={field}>
              <span className="pb-subtle">{field}:</span> <Value of={before} field={field} />
              <span aria-hidden="true"> → </span>
              <span className="pf-v6-screen-reader">became</span> <Value of={now} field={field} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Value({ of, field }: { of: string | null | undefined; field: string }): ReactElement {
  if (of === null || of === undefined || of === "") {
    return <em className="pb-subtle">none</em>;
  }
  const shown = field === "git.commit" ? of.slice(0, 8) : of;
  return (
    <Name className="pb-code" title={of}>
      {shown}
    </Name>
  );
}
