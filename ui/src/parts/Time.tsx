import type { ReactElement } from "react";
import { usePreferences } from "../app/preferences";
import { ago, dateTime } from "./format";
import { useNow } from "./now";

interface Props {
  /** RFC 3339, as the API writes times, or milliseconds since the epoch. */
  at: string | number;
  /** `ago` says how long ago it was; the time itself is then in the title. */
  as?: "time" | "ago";
}

/** A moment, in the chosen zone; UTC on hover. */
export function Time({ at, as = "time" }: Props): ReactElement {
  const { zone } = usePreferences();
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) {
    return <span>{String(at)}</span>;
  }
  const shown = dateTime(time, zone);
  const utc = `${dateTime(time, "utc")} UTC`;
  return as === "ago" ? (
    <time dateTime={time.toISOString()} title={zone === "utc" ? utc : `${shown} (${utc})`}>
      <Age of={time} />
    </time>
  ) : (
    <time dateTime={time.toISOString()} title={utc}>
      {shown}
    </time>
  );
}

function Age({ of }: { of: Date }): string {
  const now = useNow(10_000);
  return ago(of, new Date(now));
}
