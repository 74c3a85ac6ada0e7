import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { taskOfResultQuery } from "../../api/compare";
import { Name } from "../../parts/Name";
import { Fields } from "./Fields";
import type { ResultDifference } from "./groups";
import { differWords } from "./names";
import { OutcomeChange } from "./OutcomeChange";

interface Props {
  result: ResultDifference;
  before: string;
  now: string;
}

/** The data that one host's result returned in both runs. */
export function ResultChange({ result, before, now }: Props): ReactElement {
  const { host, task, fields, fields_left_out: left, items, items_left_out: itemsLeft, note } = result;
  return (
    <div className="compare-result">
      <div className="compare-row">
        <strong>
          <Name>{host}</Name>
        </strong>
        <OutcomeChange before={result.before} now={result.now} />
        <span className="compare-end compare-row">
          {result.before_seq !== null && result.before_seq !== undefined && (
            <BeforeLink run={before} seq={result.before_seq} host={host} />
          )}
          {result.now_seq !== null && result.now_seq !== undefined && (
            <Link to="/runs/$id/results/$task/$host" params={{ id: now, task: String(task.task), host }}>
              The result now
            </Link>
          )}
        </span>
      </div>
      {note && <p className="pb-subtle">{note}</p>}
      {fields.length > 0 && <Fields fields={fields} label={`Fields of ${host} that differ`} />}
      {left > 0 && <p className="pb-subtle">{differWords(left, "field")}</p>}
      {items.map((item) => (
        <div key={item.item} className="compare-item">
          <div className="compare-row">
            <span>
              Item <code className="pb-code">{item.item}</code>
            </span>
            <OutcomeChange before={item.before} now={item.now} />
          </div>
          {item.fields.length > 0 && (
            <Fields fields={item.fields} label={`Fields of item ${item.item} that differ`} />
          )}
        </div>
      ))}
      {itemsLeft > 0 && <p className="pb-subtle">{differWords(itemsLeft, "item")}</p>}
    </div>
  );
}

/** The same task has another number in the earlier run, which its result knows. */
function BeforeLink({ run, seq, host }: { run: string; seq: number; host: string }): ReactElement | null {
  const { data: task } = useQuery(taskOfResultQuery(run, seq));
  return task === undefined ? null : (
    <Link to="/runs/$id/results/$task/$host" params={{ id: run, task: String(task), host }}>
      The result before
    </Link>
  );
}
