import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useMemo, useState } from "react";
import { ApiError } from "../api/error";
import { resultQuery } from "../api/run";
import type { TaskResult } from "../api/types";
import { Failed, Loading } from "../parts/states";
import { ContentView } from "./ContentView";
import { readEvent } from "./content";
import { Items } from "./Items";
import { ResultMarks } from "./marks";
import { Text } from "./Text";
import "./result.css";

interface Props {
  id: string;
  result: TaskResult;
}

/** Everything that is known about a result: marks, message, output, differences, items, and everything as JSON. */
export function ResultView({ id, result }: Props): ReactElement {
  const { data, error, refetch } = useQuery(resultQuery(id, result.seq));
  const event = useMemo(() => data && readEvent(data.event), [data]);
  const isBad = result.status === "failed" || result.status === "unreachable";
  if (!event) {
    return (
      <>
        <ResultMarks result={result} />
        {error ? <Missing error={error} retry={() => void refetch()} /> : <Loading what="the result" />}
      </>
    );
  }
  return (
    <>
      <ResultMarks result={result} attempts={event.attempts} />
      {event.isDamaged ? (
        <p className="pb-result__message pb-is-bad">
          What it returned cannot be read: the log is damaged there.
        </p>
      ) : (
        <ContentView content={event.content} isBad={isBad} />
      )}
      {result.loop && <Items id={id} task={result.task} host={result.host} total={event.items} />}
      {data && <WholeJson event={data.event} />}
    </>
  );
}

/** Retention deletes returned data before it deletes runs. */
function Missing({ error, retry }: { error: unknown; retry: () => void }): ReactElement {
  if (error instanceof ApiError && error.status === 410) {
    return (
      <p className="pb-result__message">
        What the module returned was deleted by a retention rule. How the task ended was kept.
      </p>
    );
  }
  return <Failed error={error} what="what the module returned" retry={retry} />;
}

function WholeJson({ event }: { event: unknown }): ReactElement {
  const [isOpen, setOpen] = useState(false);
  return (
    <ExpandableSection
      className="pb-result__section"
      toggleText="All that was recorded, as JSON"
      isExpanded={isOpen}
      onToggle={(_, open) => setOpen(open)}
    >
      {isOpen && <Text text={JSON.stringify(event, null, 2)} label="JSON" />}
    </ExpandableSection>
  );
}
