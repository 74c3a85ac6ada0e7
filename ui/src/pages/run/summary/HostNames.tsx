import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { plural } from "../../../parts/format";
import { HostLink } from "../../../parts/HostLink";
import { Name } from "../../../parts/Name";

/** Names that are shown at first. */
const FIRST = 12;

interface Props {
  /** The run. */
  id: string;
  names: readonly string[];
  /** Total number of hosts: `names` may be only some. */
  count: number;
  /** The task to whose results the names lead; if missing, they lead to the hosts. */
  task: number | undefined;
}

/** Names of hosts, each a link. */
export function HostNames({ id, names, count, task }: Props): ReactElement {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? names : names.slice(0, FIRST);
  const hidden = names.length - shown.length;
  return (
    <span className="summary-hosts">
      {shown.map((name) => (
        <span key={name} className="summary-host">
          {task === undefined ? (
            <HostLink name={name} />
          ) : (
            <Link to="/runs/$id/results/$task/$host" params={{ id, task: String(task), host: name }}>
              <Name>{name}</Name>
            </Link>
          )}
        </span>
      ))}
      {hidden > 0 && (
        <Button variant="link" isInline onClick={() => setWhole(true)}>
          and {hidden} more
        </Button>
      )}
      {hidden === 0 && count > names.length && (
        <span className="pb-subtle">and {plural(count - names.length, "other")}</span>
      )}
    </span>
  );
}
