import {
  Dropdown,
  DropdownGroup,
  DropdownItem,
  DropdownList,
} from "@patternfly/react-core/dist/esm/components/Dropdown";
import { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { type ListQuery, runsQuery } from "../../api/queries";
import type { Execution, ListedExecution } from "../../api/types";
import { fileName, shortId } from "../../parts/format";
import { runName } from "../../parts/runs";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";

/** Number of runs that are offered. */
const MOST = 15;

interface Props {
  /** The run to compare with another one. */
  now: Execution;
  /** The other run, if there is one. */
  before?: string;
}

/** Chooses the run to compare with: the last good one, the previous one, or one of the last of the same playbook. */
export function ChooseRun({ now, before }: Props): ReactElement {
  const [isOpen, setOpen] = useState(false);
  const navigate = useNavigate();
  const { data: runs } = useQuery({ ...runsQuery(alike(now)), enabled: isOpen });
  const others = runs?.executions.filter(({ id }) => id !== now.id) ?? [];
  const name = now.playbook ? fileName(now.playbook) : "commands";

  const earlier = (which: "last_good" | "previous") =>
    void navigate({ to: "/compare/$a", params: { a: now.id }, search: { with: which } });
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      isScrollable
      maxMenuHeight="28rem"
      popperProps={{ position: "right", appendTo: "inline" }}
      shouldFocusToggleOnSelect
      toggle={(ref) => (
        <MenuToggle ref={ref} size="sm" isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Compare with …
        </MenuToggle>
      )}
    >
      <DropdownGroup label={`Before ${runName(now)} ${shortId(now.id)}`}>
        <DropdownList>
          <DropdownItem
            description="The last run of the same kind that succeeded"
            onClick={() => earlier("last_good")}
          >
            The last good run
          </DropdownItem>
          <DropdownItem
            description="The last run of the same kind, whatever its status"
            onClick={() => earlier("previous")}
          >
            The previous run
          </DropdownItem>
        </DropdownList>
      </DropdownGroup>
      {others.length > 0 && (
        <DropdownGroup label={`Last runs of ${name}`}>
          <DropdownList>
            {others.map((run) => (
              <DropdownItem
                key={run.id}
                isSelected={run.id === before}
                description={<RunLine run={run} />}
                onClick={() =>
                  void navigate({ to: "/compare/$a/$b", params: { a: run.id, b: now.id }, search: {} })
                }
              >
                <Time at={run.start_time} />{" "}
                <StatusLabel status={run.status} phase={run.phase} reason={run.reason} />
              </DropdownItem>
            ))}
          </DropdownList>
        </DropdownGroup>
      )}
    </Dropdown>
  );
}

function RunLine({ run }: { run: ListedExecution }): ReactElement {
  const words = [
    shortId(run.id),
    run.playbook ? undefined : runName(run),
    run.check ? "check mode" : undefined,
    run.limit ? `limit ${run.limit}` : undefined,
    run.git?.commit ? `commit ${run.git.commit.slice(0, 7)}` : undefined,
  ];
  return <>{words.filter((word) => word !== undefined).join(" · ")}</>;
}

/** The list of runs that can be compared with a run. */
function alike({ type, playbook }: ListedExecution): ListQuery {
  if (playbook) {
    return { playbook: fileName(playbook), limit: MOST };
  }
  return { ...(type !== undefined && { type }), limit: MOST };
}
