import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { messageOf } from "../../../api/error";
import { runsQuery } from "../../../api/queries";
import type { ListedExecution } from "../../../api/types";
import { Answer } from "../../../parts/Answer";
import { ExecutionLink } from "../../../parts/ExecutionLink";
import type { Problem } from "../../../parts/form/problem";
import { QueryExamples } from "../../../parts/query/Examples";
import { QueryField } from "../../../parts/query/QueryField";
import { runName } from "../../../parts/runs";
import { sentence } from "../../../parts/states";
import { Time } from "../../../parts/Time";
import { useSettled } from "../../../parts/useSettled";

/** Number of matching runs that are shown as examples. */
const EXAMPLES_SHOWN = 3;

const EXAMPLES = [
  ["label:nightly", "runs with this label"],
  ["playbook:site.yml inventory:prod", "one playbook on one inventory"],
  ["host:db-* NOT user:ann", "a host took part, and the user was not ann"],
  ["schedule:*", "runs that a schedule started"],
] as const;

interface Props {
  /** Its name in the API, which is also the id of the input. */
  id: string;
  label: string;
  query: string;
  change(query: string): void;
  problem: Problem | undefined;
}

/** Which runs a rule covers, with the last ones that match, so that users can check the query. */
export function Matching({ id, label, query, change, problem }: Props): ReactElement {
  const settled = useSettled(query, 400);
  const q = (settled ?? query).trim();
  const found = useQuery({
    ...runsQuery({ limit: EXAMPLES_SHOWN, ...(q !== "" && { q }) }),
    enabled: settled !== undefined,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const refused = problem?.field === id ? problem.text : undefined;
  return (
    <FormGroup label={label} fieldId={id}>
      <QueryField
        inputId={id}
        label={label}
        placeholder="all runs, or label:nightly"
        value={query}
        apply={change}
        onType={change}
        error={refused ?? (found.isError && settled !== undefined ? messageOf(found.error) : undefined)}
        help={<QueryExamples examples={EXAMPLES} />}
      />
      <FormHelperText>
        <Answer isOld={found.isPlaceholderData}>
          <HelperText>
            <HelperTextItem>
              {found.data === undefined || found.isError ? (
                sentence("a query as in the list of runs")
              ) : (
                <MatchingRuns runs={found.data.executions} isAll={q === ""} />
              )}
            </HelperTextItem>
          </HelperText>
        </Answer>
      </FormHelperText>
    </FormGroup>
  );
}

function MatchingRuns({ runs, isAll }: { runs: readonly ListedExecution[]; isAll: boolean }): ReactElement {
  if (runs.length === 0) {
    return isAll ? <>No run is recorded yet.</> : <>No recorded run matches.</>;
  }
  return (
    <>
      {isAll ? "All runs. The last:" : "The last that match:"}{" "}
      {runs.map((run, at) => (
        <span key={run.id}>
          {at > 0 && ", "}
          <ExecutionLink id={run.id}>{runName(run)}</ExecutionLink> (<Time at={run.start_time} as="ago" />)
        </span>
      ))}
    </>
  );
}
