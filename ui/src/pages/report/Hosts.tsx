/** Hosts that failed, and hosts that took part before but not in the period. */
import type { ReactElement } from "react";
import type { Report } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { plural } from "../../parts/format";
import { HostLink } from "../../parts/HostLink";
import { PageSection } from "../../parts/PageSection";
import { Time } from "../../parts/Time";

export function FailedHosts({ report: { failed_hosts } }: { report: Report }): ReactElement | null {
  return failed_hosts.length === 0 ? null : (
    <PageSection title="Hosts that failed">
      <ul>
        {failed_hosts.map(({ host, failed_runs }) => (
          <li key={host} className="pb-break">
            <HostLink name={host} /> in {plural(failed_runs, "run")}
          </li>
        ))}
      </ul>
    </PageSection>
  );
}

export function MissingHosts({ report }: { report: Report }): ReactElement | null {
  const { missing_hosts, missing_hosts_total } = report;
  const left = missing_hosts_total - missing_hosts.length;
  return missing_hosts.length === 0 ? null : (
    <PageSection title="Hosts not seen" about="They took part in the period before, and not in this one.">
      <ul>
        {missing_hosts.map(({ host, runs_before, last }) => (
          <li key={host} className="pb-break">
            <HostLink name={host} />: {plural(runs_before, "run")} before
            {last && (
              <>
                , last{" "}
                <ExecutionLink id={last.id}>
                  <Time at={last.start_time} />
                </ExecutionLink>
              </>
            )}
          </li>
        ))}
        {left > 0 && <li>and {plural(left, "other")}</li>}
      </ul>
    </PageSection>
  );
}
