import type { ReactElement } from "react";
import type { Difference } from "../../api/types";
import { Value } from "./Fields";
import { parameterName, parameterValue } from "./names";
import { textDiff } from "./textDiff";

/** What differed when the runs were started: parameters, versions, the checkout. */
export function Parameters({ parameters }: { parameters: readonly Difference[] }): ReactElement {
  return (
    <div className="compare-scroll">
      <table className="compare-table compare-fields" aria-label="Parameters that differ">
        <thead>
          <tr>
            <th scope="col">Parameter</th>
            <th scope="col">Before</th>
            <th scope="col">Now</th>
          </tr>
        </thead>
        <tbody>
          {parameters.map(({ field, before, now }) => {
            const diff = textDiff(parameterValue(field, before ?? ""), parameterValue(field, now ?? ""));
            return (
              <tr key={field}>
                <th scope="row">{parameterName(field)}</th>
                <td title={before ?? undefined}>
                  <Value isMissing={before === null || before === undefined} parts={diff.before} kind="del" />
                </td>
                <td title={now ?? undefined}>
                  <Value isMissing={now === null || now === undefined} parts={diff.now} kind="ins" />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
