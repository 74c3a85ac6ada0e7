import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import HourglassHalfIcon from "@patternfly/react-icons/dist/esm/icons/hourglass-half-icon";
import type { ReactElement } from "react";
import type { SearchPage } from "../../api/types";
import { plural } from "../../parts/format";
import { LinkButton } from "../../parts/LinkButton";
import { Time } from "../../parts/Time";

/** What follows the lines: how far back the search went, and a link to continue. */
export function More({ page, cursor }: { page: SearchPage; cursor: string | undefined }): ReactElement {
  const { hits, next_cursor: next, timed_out: isOver, searched_back_to: back } = page;
  return (
    <footer className="search-more">
      {isOver && (
        <Alert
          isInline
          variant="info"
          component="h2"
          customIcon={<HourglassHalfIcon />}
          title={
            <>
              Searched back to {back ? <Time at={back} /> : "the newest runs"}, then the time limit was
              reached
            </>
          }
        >
          {hits.length === 0 ? "Nothing was found so far." : "All lines of newer runs are shown."} Searching
          for whole words is faster than for fields and parts of words.
        </Alert>
      )}
      <nav aria-label="Pages of lines" className="search-pager">
        {cursor !== undefined && (
          <LinkButton variant="secondary" from="/search" to="." search={({ cursor: _, ...now }) => now}>
            Newest lines
          </LinkButton>
        )}
        {next && (
          <LinkButton
            variant={isOver ? "primary" : "secondary"}
            from="/search"
            to="."
            search={(now) => ({ ...now, cursor: next })}
          >
            {isOver ? "Continue" : "Older lines"}
          </LinkButton>
        )}
        {!next && hits.length > 0 && <span className="pb-subtle">There are no older lines.</span>}
      </nav>
      <p className="pb-subtle">{said(page)}</p>
    </footer>
  );
}

function said({
  runs_searched: read = 0,
  runs_ruled_out: ruledOut = 0,
  runs_without_log: gone = 0,
}: SearchPage): string {
  const parts = [`${plural(read, "run")} read`];
  if (ruledOut > 0) {
    parts.push(`${plural(ruledOut, "run")} ruled out by the index`);
  }
  if (gone > 0) {
    parts.push(`${plural(gone, "run")} not searched, because retention removed their output`);
  }
  return `${parts.join(", ")}.`;
}
