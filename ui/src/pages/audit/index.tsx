import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { api, read } from "../../api/client";
import type { QueryOf } from "../../api/types";
import { useScopes } from "../../app/session";
import { Answer } from "../../parts/Answer";
import { AuditKept } from "../../parts/AuditKept";
import { CursorPager } from "../../parts/CursorPager";
import { failureOf } from "../../parts/failure";
import { MenuButton } from "../../parts/MenuButton";
import { PageTitle } from "../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../parts/states";
import { EntryTable } from "./EntryTable";
import { exportsOf } from "./exports";
import { Filters } from "./Filters";
import type { AuditSearch } from "./search";
import { Verify } from "./Verify";
import "./audit.css";

const route = getRouteApi("/shell/audit");

function auditQuery(query: QueryOf<"list_audit">) {
  return queryOptions({
    queryKey: ["audit", query],
    queryFn: ({ signal }) => read(api.GET("/api/v1/ansible/audit", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    // New entries are not announced.
    staleTime: 0,
  });
}

/** Who changed what, newest first, and whether the trail is intact. */
export function Audit(): ReactElement {
  const { can, identity } = useScopes();
  const isAllowed = can("admin");
  return (
    <>
      <PageTitle
        title="Audit"
        details="Who changed what. Entries are only added, and each contains the hash of the one before it."
      />
      {identity === undefined ? <Loading /> : isAllowed ? <Trail /> : <NoScope />}
    </>
  );
}

function Trail(): ReactElement {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const entries = useQuery(auditQuery({ limit: 100, ...given(search) }));
  const change = (changes: AuditSearch) =>
    void navigate({ search: (now) => ({ ...now, cursor: undefined, ...changes }), replace: true });
  const failure = failureOf(entries);
  return (
    <>
      <div className="audit-tools">
        <Verify />
        <MenuButton label="Export" actions={exportsOf(search)} />
      </div>
      <Filters search={search} change={change} />
      {failure !== undefined && (
        <Failed error={failure} what="the audit trail" retry={() => void entries.refetch()} />
      )}
      {entries.isPending && <Loading what="the audit trail" />}
      {entries.data !== undefined && (
        <Answer isOld={entries.isPlaceholderData}>
          <AuditKept days={entries.data.keep_days} />
          {entries.data.entries.length === 0 ? (
            <Empty title="No entries match these filters">Try fewer filters, or a longer period.</Empty>
          ) : (
            <EntryTable entries={entries.data.entries} />
          )}
          <CursorPager cursor={search.cursor} next={entries.data.next_cursor} what="entries" />
        </Answer>
      )}
    </>
  );
}

/** The query of the address, without missing values. */
function given({ actor, action, object, from, to, cursor }: AuditSearch): QueryOf<"list_audit"> {
  return {
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(object !== undefined && { object }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(cursor !== undefined && { cursor }),
  };
}

function NoScope(): ReactElement {
  return (
    <Empty title="This token may not read the audit trail">
      Reading it needs a token with the scope <code>admin</code>.
    </Empty>
  );
}

export { Audit as component };
