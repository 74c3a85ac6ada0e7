import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { HostLink } from "../../parts/HostLink";
import { Time } from "../../parts/Time";
import { unseenQuery } from "./queries";
import { Section } from "./Section";

const SPAN = "30d";

/** Hosts on which no run has started for long. */
export function Unseen(): ReactElement {
  const { data } = useQuery(unseenQuery(SPAN));
  const hosts = data?.hosts ?? [];
  return (
    <Section
      title="Hosts not seen for 30 days"
      about="No run has started on them, whatever the filters above say."
      isWide={false}
    >
      {hosts.length === 0 && <p>None.</p>}
      <ul className="trends-list">
        {hosts.map(({ name, last_run }) => (
          <li key={name}>
            <HostLink name={name} className="pb-break" /> last seen <Time at={last_run.start_time} as="ago" />
          </li>
        ))}
      </ul>
      {data?.next_cursor && (
        <Link to="/hosts" search={{ unseen: SPAN }}>
          All of them
        </Link>
      )}
    </Section>
  );
}
