/** Shown in place of content: while it is loaded (Loading), after an error (Failed), or if there is none (Empty). */
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import {
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
} from "@patternfly/react-core/dist/esm/components/EmptyState";
import { Spinner } from "@patternfly/react-core/dist/esm/components/Spinner";
import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import { ApiError, messageOf } from "../api/error";

/** Only shown after a moment, so that quick answers do not flicker. */
export function Loading({ what = "the page" }: { what?: string }): ReactElement | null {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return isSlow ? (
    <div className="pb-loading" role="status">
      <Spinner size="lg" aria-label={`Loading ${what}`} />
    </div>
  ) : null;
}

interface FailedProps {
  error: unknown;
  /** The name of what could not be read: "the hosts". */
  what?: string;
  retry?: (() => void) | undefined;
  /** Whether it is the only content of the page: then its title is the page's heading. */
  isPage?: boolean;
  /** Given by the router, which shows this for errors while drawing. */
  reset?: () => void;
}

export function Failed({
  error,
  what = "this page",
  retry,
  reset,
  isPage = false,
}: FailedProps): ReactElement {
  const again = retry ?? reset;
  const isMissing = error instanceof ApiError && error.isMissing && error.code !== "updated";
  return (
    <EmptyState
      headingLevel={isPage ? "h1" : "h2"}
      status={isMissing ? "info" : "danger"}
      titleText={isMissing ? "Not found: it was deleted, or the link is wrong" : `Could not show ${what}`}
      variant="sm"
    >
      <EmptyStateBody>{sentence(messageOf(error))}</EmptyStateBody>
      {again !== undefined && !isMissing && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="secondary" onClick={again}>
              Try again
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
  /** Buttons: what to do first. */
  actions?: ReactNode;
  /** Whether it is the only content of the page: then its title is the page's heading. */
  isPage?: boolean;
}

export function Empty({ title, children, actions, isPage = false }: EmptyProps): ReactElement {
  return (
    <EmptyState headingLevel={isPage ? "h1" : "h2"} titleText={title} variant="sm">
      {children !== undefined && <EmptyStateBody>{children}</EmptyStateBody>}
      {actions !== undefined && (
        <EmptyStateFooter>
          <EmptyStateActions>{actions}</EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** The API's messages begin in lower case and have no full stop. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
