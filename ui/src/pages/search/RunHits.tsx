import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { formatHash } from "../../console/selection";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { plural } from "../../parts/format";
import { runName } from "../../parts/runs";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";
import { BlockLines } from "./BlockLines";
import type { Block, RunBlocks } from "./blocks";

/** The lines that were found in one run. */
export function RunHits({ run, blocks }: RunBlocks): ReactElement {
  const heading = `run-${run.id}`;
  return (
    <section className="search-run" aria-labelledby={heading}>
      <header className="search-run-head">
        <Title headingLevel="h2" size="md" id={heading}>
          <ExecutionLink id={run.id}>
            <bdi>{runName(run)}</bdi>
          </ExecutionLink>
        </Title>
        <StatusLabel status={run.status} />
        {run.check && <span className="pb-subtle">check mode</span>}
        <span className="pb-subtle">
          <Time at={run.start_time} /> (<Time at={run.start_time} as="ago" />)
        </span>
        <span className="search-run-id">
          <ExecutionLink id={run.id} />
        </span>
      </header>
      {blocks.map((block) => (
        <article key={`${block.in} ${block.seq} ${block.first}`} className="search-block">
          <BlockHead run={run.id} block={block} />
          <BlockLines run={run.id} block={block} />
        </article>
      ))}
    </section>
  );
}

/** Host, task and place of the lines, and the way to all of it. */
function BlockHead({ run, block }: { run: string; block: Block }): ReactElement {
  const { hosts, tasks } = block;
  const [host] = hosts;
  const [task] = tasks;
  return (
    <div className="search-block-head">
      {host !== undefined && (
        <span>
          <Link to="/hosts/$name" params={{ name: host }}>
            <bdi>{host}</bdi>
          </Link>
          {hosts.length > 1 && ` and ${plural(hosts.length - 1, "more host")}`}
        </span>
      )}
      {task !== undefined && (
        <span className="search-task">
          <bdi>{task.role ? `${task.role} : ${task.name}` : task.name}</bdi>
          {tasks.length > 1 && ` and ${plural(tasks.length - 1, "more task")}`}
        </span>
      )}
      <span className="pb-subtle">{placeName(block.in)}</span>
      <span className="search-way">
        {block.in === "output" ? (
          <Link
            to="/runs/$id/console"
            params={{ id: run }}
            hash={formatHash({ from: block.first, to: block.first })}
          >
            In the console
          </Link>
        ) : (
          task !== undefined &&
          host !== undefined && (
            <Link to="/runs/$id/results/$task/$host" params={{ id: run, task: String(task.number), host }}>
              The whole result
            </Link>
          )
        )}
      </span>
    </div>
  );
}

/** "printed", "name of the task", or the field of the result. */
export function placeName(place: string): ReactElement | string {
  if (place === "output") {
    return "printed";
  }
  return place === "task" ? "name of the task" : <code>{place}</code>;
}
