import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { MouseEvent, ReactElement } from "react";
import { firstLineOf } from "../api/run";

interface Props {
  id: string;
  /** The event whose lines are looked for. */
  seq: number;
  children?: string;
}

/** A link to what Ansible printed for a result. The line is looked up when the link is followed. */
export function ConsoleLink({ id, seq, children = "Show in the console" }: Props): ReactElement {
  const navigate = useNavigate();
  const cache = useQueryClient();
  const follow = async (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    event.preventDefault();
    const line = await cache
      .fetchQuery({
        queryKey: ["execution", id, "line", seq],
        queryFn: () => firstLineOf(id, seq).then((at) => at ?? -1),
      })
      .catch(() => -1);
    // Lines are numbered from 1 on the page.
    await navigate({
      to: "/runs/$id/console",
      params: { id },
      search: {},
      hash: line < 0 ? "" : `L${line + 1}`,
    });
  };
  return (
    <Link to="/runs/$id/console" params={{ id }} search={{}} onClick={(event) => void follow(event)}>
      {children}
    </Link>
  );
}
