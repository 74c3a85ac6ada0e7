import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { Link } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { usePreferences, type Zone } from "../../app/preferences";
import { dateTime, day, plural } from "../../parts/format";
import { type Bucket, bucketsOf, type Point, percent } from "./points";
import { Section } from "./Section";
import type { TrendsSearch } from "./search";

interface Props {
  points: readonly Point[];
  search: TrendsSearch;
}

/** How many runs succeeded and failed, over time. Each bar is a link to its runs. */
export function SuccessSection({ points, search }: Props): ReactElement | null {
  const { zone } = usePreferences();
  const buckets = useMemo(() => bucketsOf(points, offsetIn(zone)), [points, zone]);
  if (points.length === 0) {
    return null;
  }
  const good = points.filter(({ isGood }) => isGood).length;
  const most = Math.max(...buckets.map((bucket) => bucket.good + bucket.bad));
  return (
    <Section
      title={`${percent(good, points.length)} of ${plural(points.length, "run")} succeeded`}
      about="Each bar leads to its runs; the hatched part at its top failed."
    >
      <ol className="trends-bars" aria-label="Runs over time">
        {buckets.map((bucket) => (
          <li key={bucket.start}>
            <Bar bucket={bucket} most={most} zone={zone} search={search} />
          </li>
        ))}
      </ol>
      <div className="trends-axis pb-subtle pb-small" aria-hidden="true">
        <span>{label(buckets[0], zone)}</span>
        <span>{label(buckets.at(-1), zone)}</span>
      </div>
      <ExpandableSection toggleText="As a table" isIndented>
        <BucketTable buckets={buckets} zone={zone} search={search} />
      </ExpandableSection>
    </Section>
  );
}

interface BarProps {
  bucket: Bucket;
  most: number;
  zone: Zone;
  search: TrendsSearch;
}

function Bar({ bucket, most, zone, search }: BarProps): ReactElement {
  const { good, bad } = bucket;
  const words = `${label(bucket, zone)}: ${plural(good + bad, "run")}, ${bad} failed`;
  if (good + bad === 0) {
    return <span className="trends-bar" title={words} />;
  }
  return (
    <Link to="/runs" search={runsIn(bucket, search)} className="trends-bar" aria-label={words} title={words}>
      {bad > 0 && <span className="trends-bar-bad" style={{ height: `${(100 * bad) / most}%` }} />}
      {good > 0 && <span className="trends-bar-good" style={{ height: `${(100 * good) / most}%` }} />}
    </Link>
  );
}

function BucketTable({ buckets, zone, search }: Omit<BarProps, "bucket" | "most"> & { buckets: Bucket[] }) {
  return (
    <Table aria-label="Runs over time" variant="compact">
      <Thead>
        <Tr>
          <Th>From</Th>
          <Th>Runs</Th>
          <Th>Failed</Th>
          <Th>Succeeded</Th>
        </Tr>
      </Thead>
      <Tbody>
        {buckets
          .filter(({ good, bad }) => good + bad > 0)
          .toReversed()
          .map((bucket) => (
            <Tr key={bucket.start}>
              <Td dataLabel="From">
                <Link to="/runs" search={runsIn(bucket, search)}>
                  {label(bucket, zone)}
                </Link>
              </Td>
              <Td dataLabel="Runs">{bucket.good + bucket.bad}</Td>
              <Td dataLabel="Failed">{bucket.bad}</Td>
              <Td dataLabel="Succeeded">{percent(bucket.good, bucket.good + bucket.bad)}</Td>
            </Tr>
          ))}
      </Tbody>
    </Table>
  );
}

/**
 * The filters of the list that match the runs of a bar. The list includes the end, so a bar ends just before the next.
 */
function runsIn({ start, end }: Bucket, { playbook, host, q }: TrendsSearch) {
  return {
    start_date: new Date(start).toISOString(),
    end_date: new Date(end - 1).toISOString(),
    ...(playbook !== undefined && { playbook }),
    ...(host !== undefined && { host }),
    ...(q !== undefined && { q }),
  };
}

function label(bucket: Bucket | undefined, zone: Zone): string {
  if (bucket === undefined) {
    return "";
  }
  // A day has 23 hours when clocks are set forward.
  const isDay = bucket.end - bucket.start >= 23 * 3_600_000;
  const start = new Date(bucket.start);
  return isDay ? day(start, zone) : dateTime(start, zone).slice(0, 16);
}

/** How far the chosen zone is ahead of UTC at a time, in milliseconds. */
function offsetIn(zone: Zone): (time: number) => number {
  return (time) => (zone === "utc" ? 0 : -new Date(time).getTimezoneOffset() * 60_000);
}
