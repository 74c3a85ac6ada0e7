import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import CheckIcon from "@patternfly/react-icons/dist/esm/icons/check-icon";
import { Link } from "@tanstack/react-router";
import { type ReactElement, type ReactNode, useState } from "react";
import { integer, plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { daysOf, type FacetValue, facetsOf, type SearchFacets, timesOf } from "./facets";

/** Values of a facet that are shown at first. */
const FEW = 6;

interface Props {
  query: string;
  /** Missing while lines are counted. */
  counts: SearchFacets | undefined;
}

/** Filters with the number of lines that each would leave. They are links, so they can be opened in another tab. */
export function Facets({ query, counts }: Props): ReactElement {
  const days = daysOf(query, counts);
  return (
    <nav aria-label="Narrow the search" className="search-facets">
      <FacetGroup title="Time">
        <ul className="search-facet">
          {timesOf(query).map(({ title, isChosen, query: next }) => (
            <Choice key={title} isChosen={isChosen} query={next}>
              {title}
            </Choice>
          ))}
        </ul>
      </FacetGroup>
      {facetsOf(query, counts).map(({ field, title, values }) => (
        <FacetGroup key={field} title={title}>
          <Values values={values} />
        </FacetGroup>
      ))}
      {days.length > 1 && (
        <FacetGroup title="Day (UTC)">
          <Values values={days} />
        </FacetGroup>
      )}
    </nav>
  );
}

function FacetGroup({ title, children }: { title: string; children: ReactNode }): ReactElement {
  return (
    <section className="search-facet-group">
      <h2 className="search-facet-title">{title}</h2>
      {children}
    </section>
  );
}

function Values({ values }: { values: readonly FacetValue[] }): ReactElement {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? values : values.filter(({ isChosen }, index) => isChosen || index < FEW);
  return (
    <>
      <ul className="search-facet">
        {shown.map(({ value, lines, isChosen, query }) => (
          <Choice key={value} isChosen={isChosen} query={query} lines={lines}>
            <Name>{value}</Name>
          </Choice>
        ))}
      </ul>
      {values.length > FEW && (
        <Button variant="link" size="sm" isInline onClick={() => setAll(!isAll)}>
          {isAll ? "Show fewer" : `Show all ${integer(values.length)}`}
        </Button>
      )}
    </>
  );
}

interface ChoiceProps {
  isChosen: boolean;
  query: string;
  lines?: number;
  children: ReactNode;
}

function Choice({ isChosen, query, lines, children }: ChoiceProps): ReactElement {
  return (
    <li>
      <Link
        from="/search"
        to="."
        search={({ context }) => ({
          ...(query !== "" && { q: query }),
          ...(context !== undefined && { context }),
        })}
        className={isChosen ? "search-choice search-is-chosen" : "search-choice"}
        {...(isChosen && { "aria-current": "true" })}
        // Every link of this page would be "current": the query distinguishes them, not the path.
        activeProps={{}}
        activeOptions={{ exact: true }}
        preload={false}
      >
        <span className="search-choice-check">{isChosen && <CheckIcon />}</span>
        <span className="search-choice-name">{children}</span>
        {lines !== undefined && (
          <span className="search-choice-lines" title={plural(lines, "line")}>
            {integer(lines)}
          </span>
        )}
      </Link>
    </li>
  );
}
