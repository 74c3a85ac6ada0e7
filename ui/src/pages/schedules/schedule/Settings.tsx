import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { Schedule } from "../../../api/types";
import { duration } from "../../../parts/format";
import { Name } from "../../../parts/Name";
import { quoted } from "../../../parts/query/edit";
import { Time } from "../../../parts/Time";
import { cronWords } from "../cron";
import { runFacts } from "../facts";
import { MISSED_WORDS, OVERLAP_WORDS } from "../words";

/** When it runs, what it runs, and its rules for overlaps and missed times. */
export function Settings({ schedule }: { schedule: Schedule }): ReactElement {
  const { name, cron, zone, overlap, missed, jitter_seconds, owner, changed, run } = schedule;
  const words = cronWords(cron);
  const facts: readonly (readonly [name: string, value: string, isCode?: boolean])[] = [
    ["When", `${words}${words === cron ? "" : ` (${cron})`}, ${zone}`],
    ...(jitter_seconds > 0 ? [["Jitter", `up to ${duration(jitter_seconds)} later`] as const] : []),
    ...runFacts(run),
    ["Last run not over", OVERLAP_WORDS.find(([word]) => word === overlap)?.[1] ?? overlap],
    ["Missed times", MISSED_WORDS.find(([word]) => word === missed)?.[1] ?? missed],
    ["On behalf of", owner],
  ];
  return (
    <section aria-labelledby="schedule-settings">
      <Title headingLevel="h2" size="lg" id="schedule-settings">
        What it runs, and when
      </Title>
      <dl className="schedules-facts">
        {facts.map(([term, value, isCode]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd className={isCode ? "pb-code pb-break" : "pb-break"}>
              <Name>{value}</Name>
            </dd>
          </div>
        ))}
        <div>
          <dt>Changed</dt>
          <dd>
            <Time at={changed} />
          </dd>
        </div>
        <div>
          <dt>Its runs</dt>
          <dd>
            <Link to="/runs" search={{ q: `schedule:${quoted(name)}` }}>
              All in the list of runs
            </Link>
          </dd>
        </div>
      </dl>
    </section>
  );
}
