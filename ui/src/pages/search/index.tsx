import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { ApiError } from "../../api/error";
import { facetsQuery, linesQuery } from "../../api/search";
import type { SearchPage } from "../../api/types";
import { failureOf } from "../../parts/failure";
import { PageTitle } from "../../parts/PageTitle";
import { SEARCH_FIELDS } from "../../parts/query/fields";
import { QueryField } from "../../parts/query/QueryField";
import { Empty, Failed, Loading } from "../../parts/states";
import { byRun } from "./blocks";
import { Facets } from "./Facets";
import { FirstSearches, SearchHelp } from "./Help";
import { More } from "./More";
import { RunHits } from "./RunHits";
import { Toolbar } from "./Toolbar";
import { useIsWide } from "./useIsWide";
import "./search.css";

const route = getRouteApi("/shell/search");
const CONTEXT = 2;

/** Lines of all runs. */
export function Search(): ReactElement {
  const { q = "", cursor, context = CONTEXT } = route.useSearch();
  const navigate = useNavigate({ from: "/search" });
  const lines = useQuery(linesQuery({ q, cursor, context }));
  const { data: counted } = useQuery({ ...facetsQuery(q), retry: false });
  const refused =
    lines.error instanceof ApiError && lines.error.status === 400 ? lines.error.message : undefined;
  const known = new Map(
    (["playbook", "host", "task", "module"] as const).map((field) => [
      field as string,
      counted?.facets?.[field]?.map(({ value }) => value) ?? [],
    ]),
  );
  const failure = failureOf(lines);
  return (
    <>
      <PageTitle title="Search" tab={q === "" ? "Search" : `Search: ${q}`} />
      <QueryField
        value={q}
        apply={(text) =>
          void navigate({
            to: "/search",
            search: (now) => ({
              ...(text !== "" && { q: text }),
              ...(now.context !== undefined && { context: now.context }),
            }),
          })
        }
        label="Search the lines of all runs"
        placeholder='"connection refused" host:web-* since:7d'
        error={refused}
        help={<SearchHelp />}
        fields={SEARCH_FIELDS}
        known={known}
      />
      {q === "" && <FirstSearches />}
      {q !== "" && refused === undefined && (
        <div className="search-columns">
          <Side query={q} counted={counted} />
          <div className="search-found">
            <Toolbar counted={counted} context={context} />
            {lines.isPending && <Loading what="lines" />}
            {failure !== undefined && (
              <Failed error={failure} what="the lines" retry={() => void lines.refetch()} />
            )}
            {lines.data !== undefined && <Lines page={lines.data} cursor={cursor} />}
          </div>
        </div>
      )}
    </>
  );
}

function Lines({ page, cursor }: { page: SearchPage; cursor: string | undefined }): ReactElement {
  return (
    <>
      {page.hits.length === 0 && !page.timed_out && (
        <Empty title={cursor === undefined ? "No lines match" : "No older lines match"}>
          Only whole words match: <code>refus*</code> matches their beginning, <code>*fuse*</code> any part.
          Fields narrow the search: try it with fewer.
        </Empty>
      )}
      {byRun(page.hits).map((run) => (
        <RunHits key={run.run.id} {...run} />
      ))}
      <More page={page} cursor={cursor} />
    </>
  );
}

/** The facets: beside the lines, or folded above them if space is scarce. */
function Side({ query, counted }: { query: string; counted: SearchPage | undefined }): ReactElement {
  const isWide = useIsWide();
  const [isOpen, setOpen] = useState(false);
  const facets = <Facets query={query} counts={counted?.facets ?? undefined} />;
  return isWide ? (
    facets
  ) : (
    <ExpandableSection
      toggleText="Narrow the search"
      isExpanded={isOpen}
      onToggle={(_, next) => setOpen(next)}
    >
      {facets}
    </ExpandableSection>
  );
}

export { Search as component };
