import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  DrawerActions,
  DrawerCloseButton,
  DrawerHead,
  DrawerPanelBody,
  DrawerPanelContent,
} from "@patternfly/react-core/dist/esm/components/Drawer";
import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactElement, useMemo, useState } from "react";
import { type ResultFilter, resultsQuery } from "../../../api/run";
import type { LineSpan, TaskResult } from "../../../api/types";
import { Duration } from "../../../parts/Duration";
import { Name } from "../../../parts/Name";
import { OutcomeLabel } from "../../../parts/OutcomeLabel";
import { Failed, Loading } from "../../../parts/states";
import { ConsoleLink, HeadingLink } from "../../../result/ConsoleLink";
import { outcomeOfResult } from "../../../result/marks";
import { ResultView } from "../../../result/ResultView";
import type { TaskRow } from "./rows";
import type { TasksSearch } from "./search";

const route = getRouteApi("/shell/runs/$id/tasks");

/** Results that are listed at first, and how many more each time. */
const PAGE = 50;

const FILTERS: readonly [NonNullable<TasksSearch["results"]>, ResultFilter][] = [
  ["failed", { status: "failed" }],
  ["unreachable", { status: "unreachable" }],
  ["changed", { status: "ok", changed: true }],
  ["ok", { status: "ok", changed: false }],
  ["skipped", { status: "skipped" }],
];

interface Props {
  id: string;
  row: TaskRow;
  /** The printed lines of the task, if they are known. */
  lines: LineSpan | undefined;
  onClose: () => void;
}

/** The results of a task, by host. */
export function TaskPanel({ id, row, lines, onClose }: Props): ReactElement {
  const { task, counts } = row;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [limit, setLimit] = useState(PAGE);
  const filter = FILTERS.find(([name]) => name === search.results)?.[1] ?? {};
  const { data, error } = useQuery({
    ...resultsQuery(id, { task: task.task, ...filter }, limit),
    placeholderData: (last) => last,
  });
  // The worst first, as far as results are read.
  const results = useMemo(() => [...(data?.entries ?? [])].sort((a, b) => rank(a) - rank(b)), [data]);
  const choose = (results: TasksSearch["results"]) => {
    const { results: _results, ...rest } = search;
    setLimit(PAGE);
    void navigate({ search: results === undefined ? rest : { ...rest, results }, replace: true });
  };
  return (
    <DrawerPanelContent isResizable defaultSize="52%" minSize="300px" aria-label="Results of the task">
      <DrawerHead>
        <h3>
          <Name>{task.name || task.action}</Name>
        </h3>
        <span className="pb-subtle">
          <Name>{task.path ? `${task.path}${task.line ? `:${task.line}` : ""}` : task.action}</Name>
        </span>
        {lines && <HeadingLink id={id} lines={lines} />}
        <DrawerActions>
          <DrawerCloseButton onClick={onClose} aria-label="Close the results" />
        </DrawerActions>
      </DrawerHead>
      <DrawerPanelBody>
        <ToggleGroup aria-label="Which results are shown" isCompact>
          <ToggleGroupItem
            buttonId="results-all"
            text="All"
            isSelected={search.results === undefined}
            onChange={() => choose(undefined)}
          />
          {FILTERS.filter(([name]) => counts[name] > 0).map(([name]) => (
            <ToggleGroupItem
              key={name}
              buttonId={`results-${name}`}
              text={`${counts[name].toLocaleString("en")} ${name}`}
              isSelected={search.results === name}
              onChange={() => choose(name)}
            />
          ))}
        </ToggleGroup>
        {!data && (error ? <Failed error={error} what="the results" /> : <Loading what="the results" />)}
        <ul className="pb-tasks__results" aria-label="Results by host">
          {results.map((result, at) => (
            <Line
              key={result.seq}
              id={id}
              result={result}
              isOpen={at === 0 && (isBad(result) || results.length === 1)}
            />
          ))}
        </ul>
        {data?.hasMore && (
          <Button variant="link" isInline onClick={() => setLimit(limit + 4 * PAGE)}>
            Show more results
          </Button>
        )}
      </DrawerPanelBody>
    </DrawerPanelContent>
  );
}

const RANKS = ["failed", "unreachable", "rescued", "ignored", "changed", "ok", "skipped"];

function rank(result: TaskResult): number {
  return RANKS.indexOf(outcomeOfResult(result));
}

function isBad(result: TaskResult): boolean {
  return rank(result) < RANKS.indexOf("changed");
}

interface LineProps {
  id: string;
  result: TaskResult;
  /** Whether it is unfolded at first. */
  isOpen: boolean;
}

function Line({ id, result, isOpen: isOpenAtFirst }: LineProps): ReactElement {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  return (
    <li>
      <ExpandableSection
        toggleContent={
          <>
            <OutcomeLabel outcome={outcomeOfResult(result)} /> <Name>{result.host}</Name>{" "}
            <Duration seconds={result.duration} />
          </>
        }
        isExpanded={isOpen}
        onToggle={(_, open) => setOpen(open)}
        isIndented
      >
        {isOpen && (
          <>
            <p className="pb-result__see">
              <Link
                to="/runs/$id/results/$task/$host"
                params={{ id, task: String(result.task), host: result.host }}
                search={{ seq: result.seq }}
              >
                Page of this result
              </Link>
              <ConsoleLink id={id} seq={result.seq} />
            </p>
            <ResultView id={id} result={result} />
          </>
        )}
      </ExpandableSection>
    </li>
  );
}
