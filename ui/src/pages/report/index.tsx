import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { StoredReport } from "../../api/types";
import { Deliveries } from "../../parts/Deliveries";
import { failureOf } from "../../parts/failure";
import { plural } from "../../parts/format";
import { MenuButton } from "../../parts/MenuButton";
import { Name } from "../../parts/Name";
import { PageTitle } from "../../parts/PageTitle";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { downloads, reportQuery, storedQuery } from "./queries";
import { ReportView } from "./ReportView";

const route = getRouteApi("/shell/reports/$id");

/** A report that was made for a schedule, from the current history. */
export function StoredReportPage(): ReactElement {
  const { id } = route.useParams();
  const stored = useQuery(storedQuery(id));
  const report = useQuery({ ...reportQuery(id), enabled: stored.data !== undefined && !stored.data.error });
  const failure = failureOf(stored);
  if (failure !== undefined) {
    return <Failed error={failure} what="the report" isPage />;
  }
  const unmade = failureOf(report);
  return (
    <>
      <PageTitle
        title={stored.data?.schedule ?? "Report"}
        details={stored.data && <Details stored={stored.data} />}
        actions={
          stored.data && <MenuButton label="Download" actions={downloads(`/reports/${id}/document`)} />
        }
      />
      {(stored.isPending || (report.isPending && !stored.data?.error)) && <Loading what="the report" />}
      {unmade !== undefined && (
        <Failed error={unmade} what="the report" retry={() => void report.refetch()} />
      )}
      {report.data !== undefined && <ReportView report={report.data} />}
    </>
  );
}

function Details({ stored }: { stored: StoredReport }): ReactElement {
  const { from, due, made, query, runs, failed, error, deliveries } = stored;
  return (
    <>
      <p>
        <Time at={from} /> to <Time at={due} />
        {query && (
          <>
            , only <Name className="pb-code">{query}</Name>
          </>
        )}
        . <Link to="/reports">All reports</Link>
      </p>
      <p>
        {error ? (
          <>
            It could not be made: <Name>{error}</Name>
          </>
        ) : (
          <>
            When it was made, on <Time at={made} />, there were {plural(runs ?? 0, "run")}, of which{" "}
            {failed ?? 0} had failed. This is the history as it is now, without what was redacted or deleted
            meanwhile.
          </>
        )}
      </p>
      {deliveries.length > 0 && <Deliveries deliveries={deliveries} />}
    </>
  );
}

export { StoredReportPage as component };
