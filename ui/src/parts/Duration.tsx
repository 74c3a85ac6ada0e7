import type { ReactElement } from "react";
import { duration } from "./format";
import { useNow } from "./now";

interface Props {
  /** How long it took, in seconds; nothing if it is still running. */
  seconds: number | null | undefined;
  /** When it began, if it is still running: RFC 3339. */
  since?: string | undefined;
}

/** How long something took, or has been running. */
export function Duration({ seconds, since }: Props): ReactElement {
  if (seconds !== null && seconds !== undefined) {
    return <span className="pb-number">{duration(seconds)}</span>;
  }
  return since === undefined ? <span>–</span> : <Going since={since} />;
}

function Going({ since }: { since: string }): ReactElement {
  const now = useNow();
  return (
    <span className="pb-number">{duration(Math.max(0, Math.round((now - Date.parse(since)) / 1000)))}</span>
  );
}
