import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Label } from "@patternfly/react-core/dist/esm/components/Label";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { Fragment, type ReactElement, useState } from "react";
import type { LineSpan } from "../../../api/types";
import { Duration } from "../../../parts/Duration";
import { Name } from "../../../parts/Name";
import { OutcomeLabel, type OutcomeWord } from "../../../parts/OutcomeLabel";
import { HeadingLink } from "../../../result/ConsoleLink";
import { type Counts, handledWords, type PlayGroup, type TaskRow } from "./rows";

/** Tasks of a play that are drawn at first, and how many more each time. */
const PAGE = 300;

interface Props {
  /** The run. */
  id: string;
  groups: readonly PlayGroup[];
  /** The printed lines of tasks, as far as they are known. */
  lines: ReadonlyMap<number, LineSpan>;
  /** Number of the task whose results are open. */
  chosen: number | undefined;
  onOpen: (task: number) => void;
}

/** A table for each play, with a line for each task. */
export function TaskTable({ groups, ...props }: Props): ReactElement {
  return (
    <>
      {groups.map((group) => (
        <PlayTable key={group.roles[0]?.rows[0]?.task.task} group={group} {...props} />
      ))}
    </>
  );
}

interface PlayProps extends Omit<Props, "groups"> {
  group: PlayGroup;
}

function PlayTable({ id, group, lines, chosen, onOpen }: PlayProps): ReactElement {
  const [limit, setLimit] = useState(PAGE);
  const total = group.roles.reduce((sum, role) => sum + role.rows.length, 0);
  let left = limit;
  return (
    <>
      <h3 className="pb-tasks__play">
        <Name>{group.name}</Name> {group.hosts && <span className="pb-subtle">on {group.hosts}</span>}
      </h3>
      <Table aria-label={`Tasks of ${group.name}`} variant="compact">
        <Thead>
          <Tr>
            <Th className="pb-tasks__aside" modifier="nowrap">
              Number
            </Th>
            <Th width={50}>Task</Th>
            <Th>Results</Th>
            <Th className="pb-tasks__aside">Time</Th>
            <Th className="pb-tasks__aside">Console</Th>
          </Tr>
        </Thead>
        <Tbody>
          {group.roles.map(({ role, rows }) => {
            const drawn = rows.slice(0, Math.max(0, left));
            left -= rows.length;
            return (
              <Fragment key={rows[0]?.task.task}>
                {drawn.length > 0 && role !== "" && (
                  <Tr className="pb-tasks__role">
                    <Td colSpan={5}>
                      Role <Name>{role}</Name>
                    </Td>
                  </Tr>
                )}
                {drawn.map((row) => (
                  <TaskLine
                    key={row.task.task}
                    id={id}
                    row={row}
                    lines={lines.get(row.task.task)}
                    isChosen={row.task.task === chosen}
                    onOpen={onOpen}
                  />
                ))}
              </Fragment>
            );
          })}
        </Tbody>
      </Table>
      {total > limit && (
        <Button variant="link" onClick={() => setLimit(limit + PAGE)}>
          Show {Math.min(PAGE, total - limit)} more of {total - limit}
        </Button>
      )}
    </>
  );
}

interface LineProps {
  id: string;
  row: TaskRow;
  lines: LineSpan | undefined;
  isChosen: boolean;
  onOpen: (task: number) => void;
}

function TaskLine({ id, row, lines, isChosen, onOpen }: LineProps): ReactElement {
  const { task, counts, share, isSlow, isOdd } = row;
  return (
    <Tr isRowSelected={isChosen}>
      <Td dataLabel="Number" className="pb-tasks__aside">
        {task.task}
      </Td>
      <Td dataLabel="Task">
        <Button
          variant="link"
          isInline
          className="pb-tasks__open"
          aria-expanded={isChosen}
          onClick={() => onOpen(task.task)}
        >
          <Name>{task.name || task.action}</Name>
        </Button>{" "}
        <span className="pb-subtle pb-tasks__aside">
          <Name>{task.action}</Name>
          {task.handler && ", handler"}
        </span>
      </Td>
      <Td dataLabel="Results">
        <span className="pb-tasks__labels">
          <CountLabels counts={counts} />
          {isOdd && (
            <Label color="orange" isCompact>
              hosts differ
            </Label>
          )}
        </span>
      </Td>
      <Td dataLabel="Time" className="pb-tasks__aside">
        <Duration seconds={task.duration} />{" "}
        {isSlow && (
          <Label color="orange" isCompact>
            slow
          </Label>
        )}
        <span className="pb-tasks__share" title={`${(share * 100).toFixed(0)} % of the time of all tasks`}>
          <span style={{ width: `${Math.min(100, share * 100)}%` }} />
        </span>
      </Td>
      <Td dataLabel="Console" className="pb-tasks__aside" modifier="nowrap">
        {lines && (
          <HeadingLink id={id} lines={lines}>{`Line ${(lines.from + 1).toLocaleString("en")}`}</HeadingLink>
        )}
      </Td>
    </Tr>
  );
}

/** How the results ended: only what there is. */
function CountLabels({ counts }: { counts: Counts }): ReactElement {
  return (
    <>
      {(["failed", "unreachable", "changed", "ok", "skipped"] as const)
        .filter((outcome) => counts[outcome] > 0)
        .map((outcome) => (
          <OutcomeLabel key={outcome} outcome={wordOf(outcome, counts)} text={textOf(outcome, counts)} />
        ))}
    </>
  );
}

type Counted = "failed" | "unreachable" | "changed" | "ok" | "skipped";

/** Failures that were all handled do not look like those that count. */
function wordOf(outcome: Counted, { failed, ignored, rescued, retracted }: Counts): OutcomeWord {
  const isHandled = outcome === "failed" && ignored + rescued + retracted >= failed;
  return isHandled ? (rescued > 0 ? "rescued" : "ignored") : outcome;
}

function textOf(outcome: Counted, counts: Counts): string {
  const handled = outcome === "failed" || counts.failed === 0 ? handledWords(counts) : "";
  const isBad = outcome === "failed" || outcome === "unreachable";
  const words = isBad && handled !== "" ? ` (${handled})` : "";
  return `${counts[outcome].toLocaleString("en")} ${outcome}${words}`;
}
