import { queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { api, read } from "../../api/client";
import { Budgets } from "../../parts/Budgets";
import { CursorPager } from "../../parts/CursorPager";
import { failureOf } from "../../parts/failure";
import { Name } from "../../parts/Name";
import { PageSection } from "../../parts/PageSection";
import { PageTitle } from "../../parts/PageTitle";
import { Failed, Loading } from "../../parts/states";
import { MadeTable } from "./MadeTable";
import { MakeNow } from "./MakeNow";
import { madeQuery } from "./queries";
import { Schedules } from "./Schedules";
import "../../parts/lists.css";
import "./reports.css";

const route = getRouteApi("/shell/reports");

const budgetsQuery = queryOptions({
  queryKey: ["budgets"],
  queryFn: async ({ signal }) => (await read(api.GET("/api/v1/ansible/budgets", { signal }))).budgets,
  refetchInterval: 60_000,
});

/**
 * What ran in a period, compared with the one before: on request, or for schedules; and how much of each budget
 * was spent.
 */
export function Reports(): ReactElement {
  const budgets = useQuery(budgetsQuery);
  return (
    <>
      <PageTitle
        title="Reports"
        details="What ran in a day, a week or a month, compared with the period before: what failed and why, what is new, slower or missing, and what it cost."
      />
      <MakeNow />
      <Made />
      <Schedules />
      {budgets.data !== undefined && budgets.data.length > 0 && (
        <PageSection
          title="Budgets"
          about="What the runs of each budget cost since its period began, in UTC."
        >
          <Budgets budgets={budgets.data} />
        </PageSection>
      )}
    </>
  );
}

/** The reports that were made for schedules, newest first. */
function Made(): ReactElement {
  const search = route.useSearch();
  const made = useQuery(madeQuery(search));
  const failure = failureOf(made);
  return (
    <PageSection
      title="Made by schedules"
      about={
        search.schedule === undefined ? (
          "Counts are from the time when a report was made. Its page shows the current history, without what was redacted or deleted since."
        ) : (
          <>
            Only those of <Name>{search.schedule}</Name>. <Link to="/reports">Show all</Link>
          </>
        )
      }
    >
      {failure !== undefined && (
        <Failed error={failure} what="the reports" retry={() => void made.refetch()} />
      )}
      {made.isPending && <Loading what="the reports" />}
      {made.data !== undefined && made.data.reports.length === 0 && <p>None yet.</p>}
      {made.data !== undefined && made.data.reports.length > 0 && (
        <>
          <MadeTable reports={made.data.reports} />
          <CursorPager cursor={search.cursor} next={made.data.next_cursor} what="reports" />
        </>
      )}
    </PageSection>
  );
}

export { Reports as component };
