import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { Table, Tbody, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { playbooksOf, recentQuery } from "../../api/recent";
import type { ListedExecution } from "../../api/types";
import { plural } from "../../parts/format";
import { useFirst } from "../../parts/useFirst";
import { hasOrders } from "./filters";
import { useHeld } from "./heldRuns";
import { RunRow } from "./RunRow";
import type { RunsSearch } from "./search";

/** Number of rows that fit on a screen; the others are drawn after them. */
const FIRST = 15;

interface Props {
  /** Identifies this list; none while the runs are still those of the list before. */
  question: string | undefined;
  latest: readonly ListedExecution[];
  search: RunsSearch;
  change(changes: RunsSearch): void;
  selected: ReadonlyMap<string, ListedExecution>;
  select(run: ListedExecution, isSelected: boolean): void;
  /** Shown in place of the rows if there are none. */
  empty: ReactNode;
}

/** The rows. While the user points at them or works in them, they keep their positions. */
export function RunsTable(props: Props): ReactElement {
  const { question, latest, search, change, selected, select, empty } = props;
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // No event reports that the focused element was removed.
    if (isFocused && section.current?.contains(document.activeElement) === false) {
      setFocused(false);
    }
  });
  const { runs, waiting, take } = useHeld(question, latest, isPointed || isFocused);
  const drawn = useFirst(runs, FIRST);
  const chosen = runs.filter(({ id }) => selected.has(id)).length;
  const { data: recent } = useQuery(recentQuery(useMemo(() => playbooksOf(runs), [runs])));
  const sortBy = { index: search.sort === "duration" ? 1 : 0, direction: search.order ?? "desc" } as const;
  const sorted = (columnIndex: 0 | 1) =>
    hasOrders(search) && {
      sort: {
        columnIndex,
        sortBy: { ...sortBy, defaultDirection: "desc" } as const,
        onSort: (_: unknown, __: number, order: "asc" | "desc") =>
          change({ sort: columnIndex === 1 ? "duration" : "started", order }),
      },
    };
  return (
    <section
      ref={section}
      tabIndex={-1}
      aria-label="Runs found"
      className="runs-table"
      onPointerEnter={(event) => setPointed(event.pointerType === "mouse")}
      onPointerLeave={() => setPointed(false)}
      // If the whole table has the focus, the user works in no row.
      onFocus={(event) => setFocused(event.target !== event.currentTarget)}
      onBlur={(event) =>
        setFocused(
          event.relatedTarget !== event.currentTarget && event.currentTarget.contains(event.relatedTarget),
        )
      }
    >
      <div className="runs-new" role="status">
        {waiting > 0 && (
          <Button
            size="sm"
            onClick={() => {
              // The button disappears: the focus moves here, and the list is no longer held.
              section.current?.focus({ preventScroll: true });
              take();
            }}
          >
            Show {plural(waiting, "new run")}
          </Button>
        )}
      </div>
      {runs.length === 0 ? (
        empty
      ) : (
        <Table aria-label="Runs" variant="compact" gridBreakPoint="grid-md">
          <Thead>
            <Tr>
              <Th className="pf-v6-c-table__check">
                <Checkbox
                  id="select-all"
                  aria-label="Select all runs of this page"
                  isChecked={chosen === runs.length ? true : chosen === 0 ? false : null}
                  // "All runs" are those that the filters name, and these are others.
                  isDisabled={question === undefined}
                  onChange={(_, isChecked) => {
                    for (const run of runs) {
                      select(run, isChecked);
                    }
                  }}
                />
              </Th>
              <Th>Status</Th>
              <Th>Run</Th>
              <Th className="runs-wide">Last runs</Th>
              <Th>Hosts</Th>
              <Th {...sorted(0)} modifier="nowrap">
                Started
              </Th>
              <Th {...sorted(1)} modifier="nowrap">
                Duration
              </Th>
              {search.cost === true && <Th modifier="nowrap">Cost</Th>}
              <Th className="runs-roomy">By</Th>
            </Tr>
          </Thead>
          <Tbody>
            {drawn.map((run) => (
              <RunRow
                key={run.id}
                run={run}
                recent={recent?.get(run.playbook ?? "")}
                isSelected={selected.has(run.id)}
                hasCost={search.cost === true}
                select={select}
              />
            ))}
          </Tbody>
        </Table>
      )}
    </section>
  );
}
