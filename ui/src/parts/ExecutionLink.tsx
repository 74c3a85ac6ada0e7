import { Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import { shortId } from "./format";
import { Name } from "./Name";

interface Props {
  id: string;
  /** Instead of the last digits of the id. */
  children?: ReactNode;
}

/** A link to a run. */
export function ExecutionLink({ id, children }: Props): ReactElement {
  return (
    <Link to="/runs/$id" params={{ id }} {...(children === undefined && { title: id, className: "pb-code" })}>
      {typeof children === "string" ? <Name>{children}</Name> : (children ?? shortId(id))}
    </Link>
  );
}
