import { Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import { Name } from "./Name";

interface Props {
  name: string;
  className?: string;
  /** Instead of the name. */
  children?: ReactNode;
}

/**
 * A link to a host. Browsers remove `.` and `..` from an address, so a host with that name has no page: its
 * runs are listed.
 */
export function HostLink({ name, className, children = <Name>{name}</Name> }: Props): ReactElement {
  const more = className === undefined ? {} : { className };
  return name === "." || name === ".." ? (
    <Link to="/runs" search={{ host: name }} {...more}>
      {children}
    </Link>
  ) : (
    <Link to="/hosts/$name" params={{ name }} {...more}>
      {children}
    </Link>
  );
}
