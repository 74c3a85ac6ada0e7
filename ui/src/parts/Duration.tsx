import type { ReactElement } from "react";
import { duration } from "./format";
import { useNow } from "./now";

interface Props {
  /** How long it took, in seconds; nothing if it still goes on. */
  seconds: number | null | undefined;
  /** When it began, for what still goes on: RFC 3339. */
  since?: string | undefined;
}

/** How long something took, or has been going on. */
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
