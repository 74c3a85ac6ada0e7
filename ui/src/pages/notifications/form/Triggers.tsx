import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import type { ReactElement } from "react";
import { Folded } from "../../../parts/form/Folded";
import type { Problem } from "../../../parts/form/problem";
import { TextField } from "../../../parts/form/TextField";
import { sentence } from "../../../parts/states";
import { MORE_TRIGGERS, type TriggerWords, USUAL_TRIGGERS } from "../words";
import type { RuleForm } from "./form";

interface Props {
  rule: RuleForm;
  /** Its index among the rules, by which the API's messages name it. */
  at: number;
  change(changes: Partial<RuleForm>): void;
  problem: Problem | undefined;
}

/** Numbers that belong to a trigger. */
const NUMBERS = [
  ["silent", "silent_hours", "silentHours", "Hours without a run", "derived from the history"],
  ["still_broken", "still_broken_every", "stillBrokenEvery", "Failures in a row, and each further", "10"],
  ["unreachable", "unreachable_runs", "unreachableRuns", "Runs in a row", "3"],
  ["waiting", "waiting_minutes", "waitingMinutes", "Minutes in the queue", "10"],
  ["budget", "budget_percent", "budgetPercent", "Percent of the budget", "100"],
] as const;

/** The triggers: the usual three visible, the others folded. */
export function Triggers({ rule, at, change, problem }: Props): ReactElement {
  const name = `rules[${at}].on`;
  const wrong = problem?.field === name ? problem.text : undefined;
  const rows = (triggers: readonly TriggerWords[]) =>
    triggers.map((words) => <Row key={words.trigger} {...{ words, rule, at, change, problem }} />);
  const isMore = ({ trigger }: TriggerWords) => rule.on.includes(trigger);
  return (
    <FormGroup label="Notify when" role="group" fieldId={`${name}-group`}>
      <div id={name} tabIndex={-1} className="notifications-triggers">
        {rows(USUAL_TRIGGERS)}
        <Folded
          title="More reasons"
          fields={["budgets", ...NUMBERS.slice(1).map(([, field]) => field)].map(
            (field) => `rules[${at}].${field}`,
          )}
          problem={problem}
          isUsed={MORE_TRIGGERS.some(isMore)}
        >
          {rows(MORE_TRIGGERS)}
          <Checkbox
            id={`late-${rule.key}`}
            label="Also for runs that ended long before they arrived"
            description="Such as those that a machine kept while it was offline. Nothing is sent about imported runs."
            isChecked={rule.late}
            onChange={(_, late) => change({ late })}
          />
        </Folded>
      </div>
      {wrong !== undefined && (
        <FormHelperText>
          <HelperText isLiveRegion>
            <HelperTextItem variant="error">{sentence(wrong)}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}

function Row({ words, rule, at, change, problem }: Props & { words: TriggerWords }): ReactElement {
  const { trigger, name, about } = words;
  const isOn = rule.on.includes(trigger);
  const number = NUMBERS.find(([of]) => of === trigger);
  return (
    <div>
      <Checkbox
        id={`${trigger}-${rule.key}`}
        label={name}
        description={about}
        isChecked={isOn}
        onChange={(_, on) =>
          change({ on: on ? [...rule.on, trigger] : rule.on.filter((one) => one !== trigger) })
        }
      />
      {isOn && number !== undefined && (
        <div className="notifications-number">
          <TextField
            name={`rules[${at}].${number[1]}`}
            label={number[3]}
            type="number"
            value={rule[number[2]]}
            onText={(text) => change({ [number[2]]: text })}
            problem={problem}
            placeholder={number[4]}
          />
          {trigger === "budget" && (
            <TextField
              name={`rules[${at}].budgets`}
              label="Budgets"
              value={rule.budgets}
              onText={(budgets) => change({ budgets })}
              problem={problem}
              placeholder="all, or names separated by commas"
            />
          )}
        </div>
      )}
    </div>
  );
}
