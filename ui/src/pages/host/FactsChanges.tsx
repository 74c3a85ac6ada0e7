import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { FactDifference, FactsChange } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { failureOf } from "../../parts/failure";
import { plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Empty, Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { dotted, matches, valueText } from "./flat";
import { factsChangesQuery } from "./queries";
import { Unreadable } from "./Sources";
import { SPANS } from "./search";

const route = getRouteApi("/shell/hosts/$name");

interface Props {
  name: string;
  find: string;
  since: string | undefined;
}

/** What each report of facts changed, oldest first: before → after. */
export function FactsChanges({ name, find, since }: Props): ReactElement {
  const navigate = route.useNavigate();
  const changes = useQuery(factsChangesQuery(name, since));
  const failure = failureOf(changes);
  if (failure !== undefined) {
    return <Failed error={failure} what="the changes of facts" retry={() => void changes.refetch()} />;
  }
  if (changes.data === undefined) {
    return <Loading what="the changes of facts" />;
  }
  const { next_since } = changes.data;
  const shown = changes.data.changes
    .map((change) => ({ change, found: change.differences.filter((one) => isFound(one, find)) }))
    .filter(
      ({ change, found }) => found.length > 0 || (find === "" && (change.first || change.left_out > 0)),
    );
  return (
    <>
      <Unreadable gaps={changes.data.unreadable} />
      {shown.length === 0 && (
        <Empty title={find === "" ? "No fact changed" : "No facts that match changed"}>
          Times, load, free memory and free space change with every run: no history of them is kept.
        </Empty>
      )}
      {shown.map(({ change, found }) => (
        <Report key={`${change.execution} ${change.time}`} change={change} found={found} />
      ))}
      {next_since && (
        <Button
          variant="link"
          onClick={() => void navigate({ search: (now) => ({ ...now, since: next_since }) })}
        >
          Later changes
        </Button>
      )}
    </>
  );
}

function isFound({ path, before, after }: FactDifference, find: string): boolean {
  return matches(find, dotted(path), valueText(before), valueText(after));
}

interface ReportProps {
  change: FactsChange;
  found: readonly FactDifference[];
}

function Report({ change, found }: ReportProps): ReactElement {
  return (
    <section className="host-report">
      <h3>
        <Time at={change.time} /> by <ExecutionLink id={change.execution} />{" "}
        <Link to="." search={(now) => ({ ...now, facts: undefined, at: change.time })} className="pb-small">
          all facts then
        </Link>
      </h3>
      {change.first && <p className="pb-subtle">The first facts that are known of this host.</p>}
      {found.length > 0 && (
        <Table aria-label="Changed facts" variant="compact" className="host-facts">
          <Thead>
            <Tr>
              <Th width={30}>Fact</Th>
              <Th width={35}>Before</Th>
              <Th>After</Th>
            </Tr>
          </Thead>
          <Tbody>
            {found.map((one) => (
              <Tr key={dotted(one.path)}>
                <Td dataLabel="Fact" className="pb-code pb-break">
                  <Name>{dotted(one.path)}</Name>
                </Td>
                <Td dataLabel="Before" className="pb-code pb-break host-value">
                  <Value of={one.before} none="new" isCut={one.cut === true} />
                </Td>
                <Td dataLabel="After" className="pb-code pb-break host-value">
                  <span aria-hidden="true">→ </span>
                  <Value of={one.after} none="gone" isCut={one.cut === true} />
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
      {change.left_out > 0 && (
        <p className="pb-subtle">{plural(change.left_out, "further difference")} not listed.</p>
      )}
    </section>
  );
}

interface ValueProps {
  of: unknown;
  /** The word for a missing value. */
  none: string;
  isCut: boolean;
}

function Value({ of, none, isCut }: ValueProps): ReactElement {
  if (of !== undefined) {
    return <Name>{valueText(of)}</Name>;
  }
  return <span className="pb-subtle">{isCut ? "(a long value)" : `(${none})`}</span>;
}

interface SinceProps {
  value: string | undefined;
  choose(since: string | undefined): void;
}

/** How far back to search. A time from "later changes" is a separate choice. */
export function SinceSelect({ value, choose }: SinceProps): ReactElement {
  const isUsual = value === undefined || SPANS.some((span) => span === value);
  return (
    <FormSelect
      aria-label="Changes since"
      value={value ?? ""}
      onChange={(_, span) => choose(span || undefined)}
    >
      <FormSelectOption value="" label="All changes" />
      {!isUsual && <FormSelectOption value={value} label="Later changes" />}
      {SPANS.map((span) => (
        <FormSelectOption key={span} value={span} label={`In the last ${span.slice(0, -1)} days`} />
      ))}
    </FormSelect>
  );
}
