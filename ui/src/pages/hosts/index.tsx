import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { api, read } from "../../api/client";
import { Answer } from "../../parts/Answer";
import { CursorPager } from "../../parts/CursorPager";
import { failureOf } from "../../parts/failure";
import { PageTitle } from "../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../parts/states";
import { Filters } from "./Filters";
import { type HostsQuery, hostsQueryOf } from "./filters";
import { HostTable } from "./HostTable";
import type { HostsSearch } from "./search";

const route = getRouteApi("/shell/hosts");

/** Below `["executions"]`, so that the list is read again when runs start and end. */
function hostsQuery(query: HostsQuery) {
  return queryOptions({
    queryKey: ["executions", "hosts", query],
    queryFn: ({ signal }) => read(api.GET("/api/v1/ansible/hosts", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

/** All hosts that took part in a run, each with its own last status. */
export function Hosts(): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const hosts = useQuery(hostsQuery(hostsQueryOf(search)));
  const change = (changes: Partial<HostsSearch>) =>
    // Another filter begins at its first page.
    void navigate({ search: (now) => ({ ...now, cursor: undefined, ...changes }), replace: true });
  const failure = failureOf(hosts);
  return (
    <>
      <PageTitle
        title="Hosts"
        details="Each with its own status in its last run: a host does not count as failed because others in the same run failed."
      />
      <Filters search={search} change={change} />
      {failure !== undefined && (
        <Failed error={failure} what="the hosts" retry={() => void hosts.refetch()} />
      )}
      {hosts.isPending && <Loading what="the hosts" />}
      {hosts.data !== undefined && (
        <Answer isOld={hosts.isPlaceholderData}>
          {hosts.data.hosts.length === 0 ? (
            <NoHosts search={search} hasMore={Boolean(hosts.data.next_cursor)} />
          ) : (
            <HostTable hosts={hosts.data.hosts} />
          )}
          <CursorPager cursor={search.cursor} next={hosts.data.next_cursor} what="hosts" />
        </Answer>
      )}
    </>
  );
}

function NoHosts({ search, hasMore }: { search: HostsSearch; hasMore: boolean }): ReactElement {
  if (hasMore) {
    return <Empty title="No hosts on this page match these filters">The next page may have some.</Empty>;
  }
  const isFiltered = search.name ?? search.status ?? search.unseen ?? search.cursor;
  return isFiltered === undefined ? (
    <Empty title="No hosts yet">A host appears here with the first recorded run that it takes part in.</Empty>
  ) : (
    <Empty title="No hosts match these filters">Only hosts of runs that are still recorded are listed.</Empty>
  );
}

export { Hosts as component };
