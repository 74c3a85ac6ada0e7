import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import type { ReactElement } from "react";
import type { Report } from "../../api/types";
import { Budgets } from "../../parts/Budgets";
import { PageSection } from "../../parts/PageSection";
import { Changes, Flaky, News, NotIdempotent } from "./Developments";
import { Errors } from "./Errors";
import { FailedHosts, MissingHosts } from "./Hosts";
import { Overview } from "./Overview";
import { Playbooks } from "./Playbooks";
import "../../parts/lists.css";
import "./report.css";

/** The content of a report; empty parts are left out. */
export function ReportView({ report }: { report: Report }): ReactElement {
  const { budgets = [], remarks = [] } = report;
  return (
    <div className="report">
      {report.is_empty && (
        <Alert component="p" isInline isPlain variant="info" title="No run started in this period." />
      )}
      <Overview report={report} />
      <Errors report={report} />
      <Playbooks report={report} />
      <News report={report} />
      <Changes title="Slower" changes={report.slower} />
      <Changes title="Faster" changes={report.faster} />
      <Flaky flaky={report.flaky} />
      <NotIdempotent tasks={report.not_idempotent} />
      <FailedHosts report={report} />
      <MissingHosts report={report} />
      {budgets.length > 0 && (
        <PageSection title="Budgets">
          <Budgets budgets={budgets} />
        </PageSection>
      )}
      {remarks.length > 0 && (
        <PageSection title="Remarks">
          <ul>
            {remarks.map((remark) => (
              <li key={remark}>{remark}</li>
            ))}
          </ul>
        </PageSection>
      )}
    </div>
  );
}
