import { Switch } from "@patternfly/react-core/dist/esm/components/Switch";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactElement, useCallback, useMemo } from "react";
import { collectorNow } from "../../api/clock";
import { ApiError } from "../../api/error";
import { pricesQuery, runsQuery } from "../../api/queries";
import type { ListedExecution } from "../../api/types";
import { usePreferences, type Zone } from "../../app/preferences";
import { Answer } from "../../parts/Answer";
import { CursorPager } from "../../parts/CursorPager";
import { FirstSteps } from "../../parts/FirstSteps";
import { day } from "../../parts/format";
import { MenuButton } from "../../parts/MenuButton";
import { useNow } from "../../parts/now";
import { PageTitle } from "../../parts/PageTitle";
import { isAboutLines } from "../../parts/query/about";
import { Empty, Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { exportsOf } from "./exports";
import { Filters } from "./Filters";
import { apiFilters, isFiltered, listQuery } from "./filters";
import { RunsTable } from "./RunsTable";
import { Selection } from "./Selection";
import { useSame } from "./same";
import type { RunsSearch } from "./search";
import { useSelection } from "./useSelection";
import { ViewsMenu } from "./ViewsMenu";
import "./runs.css";

const route = getRouteApi("/shell/runs");

const NO_RUNS: readonly ListedExecution[] = [];

/** All runs, newest first: what is running, what failed, and links to each of them. */
export function Runs(): ReactElement {
  const search = route.useSearch();
  const { change, open } = useChange();
  const { zone } = usePreferences();
  const today = useToday(zone, search.since === "today");
  // "In the last 24 hours" counts from the moment when the filter was chosen: rows that have become older do no
  // harm.
  // biome-ignore lint/correctness/useExhaustiveDependencies: at midnight, "today" is another day
  const query = useMemo(() => listQuery(search, new Date(collectorNow()), zone), [search, zone, today]);
  const { data, error, isPlaceholderData, refetch } = useQuery({
    ...runsQuery(query),
    placeholderData: keepPreviousData,
  });
  const { selected, select, clear } = useSelection();
  const isRefused = error instanceof ApiError && error.status === 400;
  const runs = useSame(data?.executions ?? NO_RUNS);
  return (
    <>
      <PageTitle title="Runs" />
      <Filters search={search} change={change} error={isRefused ? error.message : undefined}>
        <ViewsMenu search={search} open={open} />
        <CostSwitch isOn={search.cost === true} change={change} />
        <MenuButton label="Export" actions={exportsOf(apiFilters(search, new Date(collectorNow()), zone))} />
      </Filters>
      <Selection runs={[...selected.values()]} clear={clear} />
      {data === undefined && error === null && <Loading what="the runs" />}
      {data === undefined && error !== null && !isRefused && (
        <Failed error={error} what="the runs" retry={() => void refetch()} />
      )}
      {data !== undefined && !isRefused && (
        <Answer isOld={isPlaceholderData} className="runs-list">
          <RunsTable
            question={isPlaceholderData ? undefined : JSON.stringify(query)}
            latest={runs}
            search={search}
            change={change}
            selected={selected}
            select={select}
            empty={<NoRuns search={search} hasMore={Boolean(data.next)} />}
          />
          {data.searchedBackTo !== null && (
            <p className="pb-subtle">
              Runs since <Time at={data.searchedBackTo} /> were searched. The next page goes on from there.
            </p>
          )}
          <CursorPager cursor={search.cursor} next={data.next} what="runs" />
        </Answer>
      )}
    </>
  );
}

/** The current day, for a list of today's runs: it changes at midnight. */
function useToday(zone: Zone, isWanted: boolean): string | undefined {
  const now = useNow(60_000);
  return isWanted ? day(new Date(now), zone) : undefined;
}

/** Adds a column with costs, if there are prices. */
function CostSwitch({
  isOn,
  change,
}: {
  isOn: boolean;
  change(changes: Changes): void;
}): ReactElement | null {
  const { data: currency } = useQuery(pricesQuery);
  return currency ? (
    <Switch
      id="runs-cost"
      label="Cost"
      isChecked={isOn}
      onChange={(_, isChecked) => change({ cost: isChecked || undefined })}
      className="runs-cost"
    />
  ) : null;
}

function NoRuns({ search, hasMore }: { search: RunsSearch; hasMore: boolean }): ReactElement {
  if (hasMore) {
    // Reading the lines of runs takes time.
    return <Empty title="No runs found yet" />;
  }
  return isFiltered(search) || search.cursor !== undefined ? (
    <Empty title="No runs match these filters">
      <p>Try fewer filters, or another query.</p>
      {search.q && !isAboutLines(search.q) ? (
        <p>
          Words are looked for in what is known when a run starts.{" "}
          <Link to="/search" search={{ q: search.q }}>
            Search in what was printed
          </Link>
        </p>
      ) : null}
    </Empty>
  ) : (
    <FirstSteps />
  );
}

type Changes = { [name in keyof RunsSearch]?: RunsSearch[name] | undefined };

/** Changes the address; another list begins at its first page. */
function useChange() {
  const navigate = route.useNavigate();
  const open = useCallback((search: RunsSearch) => void navigate({ search }), [navigate]);
  const change = useCallback(
    (changes: Changes) => {
      void navigate({ search: (before) => without({ ...before, cursor: undefined, ...changes }) });
    },
    [navigate],
  );
  return { change, open };
}

/** The address without undefined values. */
function without(search: Changes): RunsSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

export { Runs as component };
