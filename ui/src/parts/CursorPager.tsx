import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import "./lists.css";

interface Props {
  /** The current page; none for the first. */
  cursor: string | undefined;
  /** The next page, according to the API; none on the last. */
  next: string | null | undefined;
  /** The name of the entries: "hosts". */
  what: string;
}

/**
 * Links to the first and the next page of a list with a cursor. The page is in the address, so the browser's
 * Back leads to the previous page.
 */
export function CursorPager({ cursor, next, what }: Props): ReactElement | null {
  if (cursor === undefined && !next) {
    return null;
  }
  return (
    <nav className="pb-pager" aria-label={`Pages of ${what}`}>
      {cursor !== undefined && (
        <Link to="." search={({ cursor: _, ...rest }) => rest}>
          First page
        </Link>
      )}
      {next ? (
        <Link to="." search={(now) => ({ ...now, cursor: next })}>
          Next page
        </Link>
      ) : (
        <span className="pb-subtle">This is the last page.</span>
      )}
    </nav>
  );
}
