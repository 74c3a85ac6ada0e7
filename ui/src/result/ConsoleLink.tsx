import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { MouseEvent, ReactElement } from "react";
import { resultLinesQuery } from "../api/run";
import type { LineSpan } from "../api/types";
import { formatHash } from "../console/selection";

interface LinesLinkProps {
  id: string;
  /** Missing if they are not known: then the link leads to the console as a whole. */
  lines: LineSpan | null | undefined;
  children?: string;
  onClick?: (event: MouseEvent) => void;
}

/** A link to printed lines. */
export function LinesLink({
  id,
  lines,
  children = "Show in the console",
  onClick,
}: LinesLinkProps): ReactElement {
  return (
    <Link
      to="/runs/$id/console"
      params={{ id }}
      search={{}}
      hash={hashOf(lines)}
      {...(onClick && { onClick })}
    >
      {children}
    </Link>
  );
}

/** A link to the first of a task's lines: all of them would be too many to mark. */
export function HeadingLink({
  lines: { from },
  ...props
}: LinesLinkProps & { lines: LineSpan }): ReactElement {
  return <LinesLink {...props} lines={{ from, to: from + 1 }} />;
}

interface Props {
  id: string;
  /** The result, by the number of its event. */
  seq: number;
  children?: string;
}

/** A link to the lines that Ansible printed for a result. */
export function ConsoleLink({ id, seq, children = "Show in the console" }: Props): ReactElement {
  const query = resultLinesQuery(id, seq);
  const { data: lines } = useQuery(query);
  const navigate = useNavigate();
  const cache = useQueryClient();
  // Followed before its lines are known.
  const follow = async (event: MouseEvent) => {
    const isElsewhere = event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey;
    if (lines !== undefined || isElsewhere) {
      return;
    }
    event.preventDefault();
    const found = await cache.fetchQuery(query).catch(() => null);
    await navigate({ to: "/runs/$id/console", params: { id }, search: {}, hash: hashOf(found) });
  };
  return (
    <LinesLink id={id} lines={lines} onClick={(event) => void follow(event)}>
      {children}
    </LinesLink>
  );
}

function hashOf(lines: LineSpan | null | undefined): string {
  // The API names the line after the last one.
  return lines ? formatHash({ from: lines.from, to: Math.max(lines.from, lines.to - 1) }) : "";
}
