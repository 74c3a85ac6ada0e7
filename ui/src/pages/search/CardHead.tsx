import { Link } from "@tanstack/react-router";
import { Fragment, type ReactElement } from "react";
import { formatHash } from "../../console/selection";
import { plural } from "../../parts/format";
import { HostLink } from "../../parts/HostLink";
import { Name } from "../../parts/Name";
import type { Card, CardHost } from "./cards";

/** Maximum number of hosts that are named; beyond that, only their number is shown. */
const MOST = 10;

/** Task, source and hosts of the lines, and links to them. */
export function CardHead({ run, card }: { run: string; card: Card }): ReactElement {
  const [block] = card.blocks;
  const [task] = block?.tasks ?? [];
  const more = (block?.tasks.length ?? 0) - 1;
  const line = block?.in === "output" ? block.first : undefined;
  return (
    <div className="search-card-head">
      {task !== undefined && (
        <span className="search-task">
          <Name>{task.role ? `${task.role} : ${task.name}` : task.name}</Name>
          {more > 0 && ` and ${plural(more, "other task")}`}
        </span>
      )}
      {block?.in === "task" && <span className="pb-subtle">name of the task</span>}
      {line !== undefined && <span className="pb-subtle">printed</span>}
      {card.hosts.length > 0 && <Hosts run={run} hosts={card.hosts} />}
      {line !== undefined && (
        <Link
          className="search-way"
          to="/runs/$id/console"
          params={{ id: run }}
          hash={formatHash({ from: line, to: line })}
        >
          In the console
        </Link>
      )}
    </div>
  );
}

/** Each host leads to the whole result, or to its page if the task is not known. */
function Hosts({ run, hosts }: { run: string; hosts: readonly CardHost[] }): ReactElement {
  const left = hosts.length - MOST;
  return (
    <span className="search-hosts">
      {hosts.length > 1 ? `${plural(hosts.length, "host")}: ` : "on "}
      {hosts.slice(0, MOST).map(({ name, task }, index) => (
        <Fragment key={name}>
          {index > 0 && ", "}
          {task === undefined ? (
            <HostLink name={name} />
          ) : (
            <Link
              to="/runs/$id/results/$task/$host"
              params={{ id: run, task: String(task), host: name }}
              title="The whole result"
            >
              <Name>{name}</Name>
            </Link>
          )}
        </Fragment>
      ))}
      {left > 0 && ` and ${left} more`}
    </span>
  );
}
