import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { failureOf } from "../../parts/failure";
import { MenuButton } from "../../parts/MenuButton";
import { Name } from "../../parts/Name";
import { PageTitle } from "../../parts/PageTitle";
import { PERIOD_WORDS } from "../../parts/periods";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { downloads, previewQuery } from "./queries";
import { ReportView } from "./ReportView";

const route = getRouteApi("/shell/reports/preview");

/** A report of the time before now, which is not stored. */
export function Preview(): ReactElement {
  const search = route.useSearch();
  const { period = "week", zone = "UTC", q } = search;
  const report = useQuery(previewQuery(search));
  const failure = failureOf(report);
  return (
    <>
      <PageTitle
        title={PERIOD_WORDS[period]}
        tab="Report"
        details={
          report.data && (
            <p>
              <Time at={report.data.from} /> to <Time at={report.data.to} />
              {q !== undefined && (
                <>
                  , only <Name className="pb-code">{q}</Name>
                </>
              )}
              . <Link to="/reports">All reports</Link>
            </p>
          )
        }
        actions={
          <MenuButton
            label="Download"
            actions={downloads("/reports/preview", { period, zone, ...(q !== undefined && { q }) })}
          />
        }
      />
      {report.isPending && <Loading what="the report" />}
      {failure !== undefined && (
        <Failed error={failure} what="the report" retry={() => void report.refetch()} />
      )}
      {report.data !== undefined && <ReportView report={report.data} />}
    </>
  );
}

export { Preview as component };
