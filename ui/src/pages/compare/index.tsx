import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import ExchangeAltIcon from "@patternfly/react-icons/dist/esm/icons/exchange-alt-icon";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useParams, useSearch } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import { earlierQuery, FEW, MOST, pairQuery } from "../../api/compare";
import { ApiError } from "../../api/error";
import { executionQuery } from "../../api/queries";
import type { Comparison } from "../../api/types";
import { Answer } from "../../parts/Answer";
import { LinkButton } from "../../parts/LinkButton";
import { PageTitle } from "../../parts/PageTitle";
import { runName } from "../../parts/runs";
import { Loading } from "../../parts/states";
import { ChooseRun } from "./ChooseRun";
import { Differences } from "./Differences";
import { groupsOf } from "./groups";
import { headline } from "./headline";
import { NotComparable } from "./NotComparable";
import { Remarks } from "./Remarks";
import { Sides } from "./Sides";
import { Summary } from "./Summary";
import "./compare.css";

/** Two runs, or a run and an earlier one of its kind. */
export function Compare(): ReactElement {
  const { a = "", b } = useParams({ strict: false });
  const { with: earlier = "last_good", all = false } = useSearch({ strict: false });
  const limit = all ? MOST : FEW;
  const pair = useQuery({
    ...pairQuery(a, b ?? "", limit),
    enabled: b !== undefined,
    placeholderData: keepPreviousData,
  });
  const single = useQuery({
    ...earlierQuery(a, earlier, limit),
    enabled: b === undefined,
    placeholderData: keepPreviousData,
  });
  const { data: comparison, error, isPlaceholderData, refetch } = b === undefined ? single : pair;
  const { data: run } = useQuery(executionQuery(b ?? a));

  // While the collector is unavailable, the displayed data stays, unless it was deleted.
  if (error instanceof ApiError && (comparison === undefined || error.isMissing)) {
    return (
      <NotComparable
        error={error}
        run={run}
        before={b === undefined ? undefined : a}
        earlier={earlier}
        retry={() => void refetch()}
      />
    );
  }
  if (comparison === undefined) {
    return (
      <>
        <PageTitle title="Compare" />
        <Loading what="the comparison" />
      </>
    );
  }
  return (
    <Answer isOld={isPlaceholderData}>
      <Page comparison={comparison}>
        {run !== undefined && <ChooseRun now={run} before={comparison.before.id} />}
      </Page>
    </Answer>
  );
}

function Page({ comparison, children }: { comparison: Comparison; children: ReactNode }): ReactElement {
  const { before, now, same_run: isSame } = comparison;
  const groups = groupsOf(comparison);
  const name = runName({ ...now, type: now.playbook ? "playbook" : "adhoc" });
  return (
    <>
      <PageTitle
        title={`Compare ${name}`}
        actions={
          <LinkButton
            variant="secondary"
            icon={<ExchangeAltIcon />}
            to="/compare/$a/$b"
            params={{ a: now.id, b: before.id }}
          >
            Swap
          </LinkButton>
        }
      />
      <Sides before={before} now={now}>
        {children}
      </Sides>
      {isSame ? (
        <Alert isInline variant="info" title="This is the same run twice" component="h2">
          A run does not differ from itself. Choose another to compare it with.
        </Alert>
      ) : (
        <>
          <Remarks comparison={comparison} />
          <Summary comparison={comparison} sentences={headline(comparison, groups)} />
          <Differences comparison={comparison} groups={groups} />
        </>
      )}
    </>
  );
}

export { Compare as component };
