import type { ReactElement } from "react";

/** Examples of a query, each with its meaning. */
export function QueryExamples({
  examples,
}: {
  examples: readonly (readonly [string, string])[];
}): ReactElement {
  return (
    <dl className="pb-query-examples">
      {examples.map(([query, meaning]) => (
        <div key={query}>
          <dt>
            <code>{query}</code>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
