import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";
import { failureOf } from "../../parts/failure";
import { plural } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Empty, Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { flatten, matches } from "./flat";
import { factsQuery } from "./queries";
import { Sources, Unreadable } from "./Sources";

/** More rows than this are only drawn on request. */
const SHOWN = 400;

interface Props {
  name: string;
  find: string;
  at: string | undefined;
}

/** The facts at a time, as dotted names that can be searched. */
export function FactsNow({ name, find, at }: Props): ReactElement {
  const [isAll, setAll] = useState(false);
  const facts = useQuery(factsQuery(name, at));
  const rows = useMemo(() => flatten(facts.data?.facts ?? {}), [facts.data]);
  const found = useMemo(() => rows.filter((row) => matches(find, row.path, row.value)), [rows, find]);
  const failure = failureOf(facts);
  if (failure !== undefined) {
    return <Failed error={failure} what="the facts" retry={() => void facts.refetch()} />;
  }
  if (facts.data === undefined) {
    return <Loading what="the facts" />;
  }
  if (rows.length === 0) {
    return (
      <>
        <Unreadable gaps={facts.data.unreadable} />
        <Empty title="No facts are known">
          Facts are recorded when a play gathers them. They are deleted with the run that reported them.
        </Empty>
      </>
    );
  }
  const shown = isAll ? found : found.slice(0, SHOWN);
  return (
    <>
      <p className="host-note" role="status">
        {found.length === rows.length
          ? plural(rows.length, "fact")
          : `${plural(found.length, "fact")} of ${rows.length}`}
        {at !== undefined && (
          <>
            {" "}
            as of <AtTime at={at} />
          </>
        )}
        . <Sources sources={facts.data.sources} />
      </p>
      <Unreadable gaps={facts.data.unreadable} />
      <Table aria-label={`Facts of ${name}`} variant="compact" className="host-facts">
        <Thead>
          <Tr>
            <Th width={40}>Fact</Th>
            <Th>Value</Th>
          </Tr>
        </Thead>
        <Tbody>
          {shown.map(({ path, value }) => (
            <Tr key={path}>
              <Td dataLabel="Fact" className="pb-code pb-break">
                <Name>{path}</Name>
              </Td>
              <Td dataLabel="Value" className="pb-code pb-break host-value">
                <Name>{value}</Name>
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {found.length > shown.length && (
        <Button variant="link" onClick={() => setAll(true)}>
          Show the other {plural(found.length - shown.length, "fact")}
        </Button>
      )}
    </>
  );
}

function AtTime({ at }: { at: string }): ReactElement {
  return isDay(at) ? <>the end of {at} (UTC)</> : <Time at={at} />;
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}

interface TimeFieldProps {
  value: string | undefined;
  choose(at: string | undefined): void;
}

/** The day whose facts are shown; empty for now. */
export function TimeField({ value, choose }: TimeFieldProps): ReactElement {
  return (
    <div className="host-at">
      <label htmlFor="host-at">At the end of</label>
      <TextInput
        id="host-at"
        type="date"
        value={value?.slice(0, 10) ?? ""}
        onChange={(_, day) => choose(day || undefined)}
      />
      {value !== undefined && (
        <Button variant="link" isInline onClick={() => choose(undefined)}>
          Now
        </Button>
      )}
    </div>
  );
}
