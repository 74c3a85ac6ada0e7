import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import type { Trends as TrendsAnswer } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { failureOf } from "../../parts/failure";
import { integer } from "../../parts/format";
import { PageTitle } from "../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { CostSection } from "./CostSection";
import { DurationSection } from "./DurationSection";
import { Filters, isQueryError } from "./Filters";
import { Flaky } from "./Flaky";
import { Going } from "./Going";
import { HostsSection } from "./HostsSection";
import { NotIdempotent } from "./NotIdempotent";
import { Playbooks } from "./Playbooks";
import { type Point, pointsOf } from "./points";
import { filtersOf, runsBehindQuery, trendsQuery } from "./queries";
import { SlowerAndFaster } from "./SlowerAndFaster";
import { SuccessSection } from "./SuccessSection";
import type { TrendsSearch } from "./search";
import { Unseen } from "./Unseen";
import "../../parts/lists.css";
import "./trends.css";

const route = getRouteApi("/shell/trends");

/** How runs, tasks and hosts develop; every mark leads to the runs behind it. */
export function Trends(): ReactElement {
  const search = route.useSearch();
  const { runs = 200 } = search;
  const filters = filtersOf(search);
  const trends = useQuery(trendsQuery(filters, runs));
  const behind = useQuery(runsBehindQuery(filters, runs));
  const points = useMemo(() => pointsOf(behind.data ?? []), [behind.data]);
  const failure = failureOf(trends);
  return (
    <>
      <PageTitle title="Trends" details={trends.data && <Scope trends={trends.data} />} />
      <Filters search={search} error={trends.error} />
      {failure !== undefined && !isQueryError(failure) && (
        <Failed error={failure} what="the trends" retry={() => void trends.refetch()} />
      )}
      {trends.isPending && <Loading what="the trends" />}
      {trends.data !== undefined && (
        <Answer isOld={trends.isPlaceholderData || behind.isPlaceholderData}>
          {trends.data.runs === 0 ? (
            <Empty title="No finished runs match these filters">
              Runs in check mode and running ones do not count. {isNarrow(search) && "Try fewer filters."}
            </Empty>
          ) : (
            <Sections trends={trends.data} points={points} search={search} />
          )}
        </Answer>
      )}
    </>
  );
}

function isNarrow({ playbook, host, q, since }: TrendsSearch): boolean {
  return (playbook ?? host ?? q ?? since) !== undefined;
}

function Scope({ trends }: { trends: TrendsAnswer }): ReactElement | null {
  const { runs, has_older, from, to } = trends;
  if (!from || !to) {
    return null;
  }
  return (
    <>
      {has_older ? "The newest" : "All"} {integer(runs)} finished runs, from <Time at={from} /> to{" "}
      <Time at={to} />. Runs in check mode do not count.
    </>
  );
}

interface SectionsProps {
  trends: TrendsAnswer;
  points: readonly Point[];
  search: TrendsSearch;
}

function Sections({ trends, points, search }: SectionsProps): ReactElement {
  return (
    <div className="trends">
      <SuccessSection points={points} search={search} />
      <DurationSection trends={trends} points={points} />
      <Playbooks trends={trends} search={search} />
      <SlowerAndFaster trends={trends} />
      <NotIdempotent trends={trends} />
      <Flaky trends={trends} />
      <div className="trends-section trends-pair">
        <Going search={search} />
        <Unseen />
      </div>
      <HostsSection trends={trends} search={search} />
      <CostSection search={search} />
    </div>
  );
}

export { Trends as component };
