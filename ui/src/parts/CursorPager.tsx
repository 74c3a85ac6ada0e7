import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import "./lists.css";

interface Props {
  /** The page that is shown; none for the first. */
  cursor: string | undefined;
  /** The next page, as the API says; none on the last. */
  next: string | null | undefined;
  /** What is paged: "hosts". */
  what: string;
}

/**
 * The ways to the first and the next page of a list that is paged by cursor. The page is in the address, so the
 * browser's Back leads to the page before.
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
