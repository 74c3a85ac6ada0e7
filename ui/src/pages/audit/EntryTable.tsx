import {
  ExpandableRowContent,
  Table,
  Tbody,
  Td,
  Th,
  Thead,
  Tr,
} from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import type { AuditItem } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { integer } from "../../parts/format";
import { Name } from "../../parts/Name";
import { Scrolled } from "../../parts/Scrolled";
import { Time } from "../../parts/Time";
import { actionWords, executionOf, namedBy, origin } from "./words";

/** A row for each entry, with the states before and after folded below it. */
export function EntryTable({ entries }: { entries: readonly AuditItem[] }): ReactElement {
  return (
    <Table aria-label="Audit trail" variant="compact">
      <Thead>
        <Tr>
          <Th screenReaderText="Details" />
          <Th>No.</Th>
          <Th>When</Th>
          <Th>Who</Th>
          <Th>Did</Th>
          <Th>To</Th>
          <Th>Why</Th>
        </Tr>
      </Thead>
      {entries.map((entry) => (
        <Entry key={entry.number} entry={entry} />
      ))}
    </Table>
  );
}

function Entry({ entry }: { entry: AuditItem }): ReactElement {
  const [isExpanded, setExpanded] = useState(false);
  const { number, time, actor, action, object, note } = entry;
  return (
    <Tbody isExpanded={isExpanded}>
      <Tr>
        <Td
          expand={{
            rowIndex: number,
            isExpanded,
            onToggle: () => setExpanded(!isExpanded),
            expandId: "audit-entry-",
          }}
        />
        <Td dataLabel="No." className="pb-number">
          {integer(number)}
        </Td>
        <Td dataLabel="When" modifier="nowrap">
          <Time at={time} />
        </Td>
        <Td dataLabel="Who">
          <Link to="." search={(now) => ({ ...now, actor: actor.name })} className="pb-break">
            <Name>{actor.name}</Name>
          </Link>
          <div className="pb-subtle pb-small">{origin(actor)}</div>
        </Td>
        <Td dataLabel="Did">{actionWords(action)}</Td>
        <Td dataLabel="To" className="pb-break">
          <ObjectName object={object} />
        </Td>
        <Td dataLabel="Why" className="pb-break">
          <Name>{note}</Name>
        </Td>
      </Tr>
      {isExpanded && (
        <Tr isExpanded>
          <Td colSpan={7}>
            <ExpandableRowContent>
              <Details entry={entry} />
            </ExpandableRowContent>
          </Td>
        </Tr>
      )}
    </Tbody>
  );
}

function ObjectName({ object }: { object: string }): ReactElement {
  const id = executionOf(object);
  const schedule = namedBy(object, "schedule");
  const target = namedBy(object, "target");
  if (id !== undefined) {
    return (
      <>
        run <ExecutionLink id={id} />
      </>
    );
  }
  if (schedule !== undefined) {
    return (
      <>
        schedule{" "}
        <Link to="/schedules/$name" params={{ name: schedule }}>
          <Name>{schedule}</Name>
        </Link>
      </>
    );
  }
  if (target !== undefined) {
    return (
      <>
        target{" "}
        <Link to="/notifications/$name" params={{ name: target }}>
          <Name>{target}</Name>
        </Link>
      </>
    );
  }
  return <Name>{object}</Name>;
}

function Details({ entry }: { entry: AuditItem }): ReactElement {
  const { before, after, hash, actor } = entry;
  return (
    <dl className="audit-details">
      {before && <Json term="Before" value={before} />}
      {after && <Json term="After, or the request" value={after} />}
      {actor.scopes !== undefined && actor.scopes.length > 0 && (
        <div>
          <dt>Scopes of the token</dt>
          <dd>{actor.scopes.join(", ")}</dd>
        </div>
      )}
      <div>
        <dt>Hash</dt>
        <dd className="pb-code pb-break">{hash}</dd>
      </div>
    </dl>
  );
}

function Json({ term, value }: { term: string; value: object }): ReactElement {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        <Scrolled label={term}>{JSON.stringify(value, null, 2)}</Scrolled>
      </dd>
    </div>
  );
}
