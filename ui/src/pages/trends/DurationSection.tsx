import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table/dist/esm/components/Table";
import { useNavigate } from "@tanstack/react-router";
import { lazy, type ReactElement, Suspense, useMemo } from "react";
import type { PlaybookTrend, Trends } from "../../api/types";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { duration, fileName } from "../../parts/format";
import { StatusLabel } from "../../parts/StatusLabel";
import { Time } from "../../parts/Time";
import { Change } from "./Change";
import { mediansOf, type Point, pointsOfPlaybook } from "./points";
import { Section } from "./Section";

/** uPlot is loaded when there is something to draw. */
const DurationChart = lazy(() => import("./DurationChart"));

/** Number of runs in the table beside the chart: for more, users narrow the filters. */
const ROWS = 100;

interface Props {
  trends: Trends;
  points: readonly Point[];
}

/** The durations of the playbook with the most runs among those that are examined. */
export function DurationSection({ trends, points }: Props): ReactElement | null {
  const trend = trends.playbooks.find(({ durations }) => durations && durations.runs > 1);
  return trend === undefined ? null : <Durations trend={trend} points={points} />;
}

function Durations({
  trend,
  points,
}: {
  trend: PlaybookTrend;
  points: readonly Point[];
}): ReactElement | null {
  const navigate = useNavigate();
  const own = useMemo(() => pointsOfPlaybook(points, trend), [points, trend]);
  const medians = useMemo(() => mediansOf(own, trend), [own, trend]);
  const { durations } = trend;
  if (!durations || own.length < 2) {
    return null;
  }
  const name = fileName(trend.name);
  const changes = durations.changes ?? [];
  return (
    <Section
      title={`Duration of ${name}`}
      about={
        <>
          Median {duration(durations.median)}, 95 of 100 runs took no longer than {duration(durations.p95)}. A
          dot is a run and opens it; failed runs are crosses. For another playbook, choose it in the table
          below.
        </>
      }
    >
      <Suspense fallback={<div className="trends-chart" />}>
        <DurationChart
          label={`Duration of ${own.length} runs of ${name} over time; the table below has the same`}
          points={own}
          medians={medians}
          p95={durations.p95}
          changes={changes}
          open={(id) => void navigate({ to: "/runs/$id", params: { id } })}
        />
      </Suspense>
      {changes.length > 0 && (
        <ul className="trends-changes">
          {changes.map((change) => (
            <li key={change.run.id}>
              <Change change={change} />
            </li>
          ))}
        </ul>
      )}
      <ExpandableSection toggleText="As a table" isIndented>
        <Table aria-label={`Duration of ${name}`} variant="compact">
          <Thead>
            <Tr>
              <Th>Run</Th>
              <Th>Started</Th>
              <Th>Ended as</Th>
              <Th>Took</Th>
            </Tr>
          </Thead>
          <Tbody>
            {own
              .slice(-ROWS)
              .toReversed()
              .map(({ id, start, isGood, duration: seconds }) => (
                <Tr key={id}>
                  <Td dataLabel="Run">
                    <ExecutionLink id={id} />
                  </Td>
                  <Td dataLabel="Started">
                    <Time at={start} />
                  </Td>
                  <Td dataLabel="Ended as">
                    <StatusLabel status={isGood ? "success" : "failed"} />
                  </Td>
                  <Td dataLabel="Took">{duration(seconds)}</Td>
                </Tr>
              ))}
          </Tbody>
        </Table>
      </ExpandableSection>
    </Section>
  );
}
