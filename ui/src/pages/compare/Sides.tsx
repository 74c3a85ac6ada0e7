import { Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import type { Comparison } from "../../api/types";
import { Duration } from "../../parts/Duration";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { runName } from "../../parts/runs";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";

type ComparedRun = Comparison["before"];

interface Props {
  before: ComparedRun;
  now: ComparedRun;
  /** The control to choose another earlier run. */
  children: ReactNode;
}

/** Both runs in brief, side by side. */
export function Sides({ before, now, children }: Props): ReactElement {
  return (
    <div className="compare-sides">
      <Side title="Before" run={before}>
        {children}
      </Side>
      <Side title="Now" run={now} />
    </div>
  );
}

function Side({
  title,
  run,
  children,
}: {
  title: string;
  run: ComparedRun;
  children?: ReactNode;
}): ReactElement {
  const { id, status, reason, start_time: start, duration, exit_code: exitCode, check, results } = run;
  const params = { id };
  return (
    <section className="compare-side" aria-label={title}>
      <header className="compare-row">
        <h2 className="compare-side-title">{title}</h2>
        <ExecutionLink id={id}>
          <Name>{runName({ ...run, type: run.playbook ? "playbook" : "adhoc" })}</Name>
        </ExecutionLink>
        <StatusLabel status={status} reason={reason} />
        {check && <span className="pb-subtle">check mode</span>}
        <span className="compare-end">{children}</span>
      </header>
      <p className="compare-row pb-subtle">
        <span>
          <Time at={start} /> (<Time at={start} as="ago" />)
        </span>
        <Duration seconds={duration} {...(status === "running" && { since: start })} />
        {exitCode !== null && exitCode !== undefined && <span>exit code {exitCode}</span>}
        <span>{plural(results, "result")}</span>
        <ExecutionLink id={id} />
      </p>
      <nav className="compare-row" aria-label={`${title}: pages of the run`}>
        <Link to="/runs/$id" params={params}>
          Summary
        </Link>
        <Link to="/runs/$id/console" params={params}>
          Console
        </Link>
        <Link to="/runs/$id/tasks" params={params}>
          Tasks
        </Link>
        <Link to="/runs/$id/matrix" params={params}>
          Matrix
        </Link>
      </nav>
    </section>
  );
}
