import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import type { ReactElement } from "react";
import type { Problem } from "../../../parts/form/problem";
import { newRule, type RuleForm, type SetTargetForm, withChange, withItem, withoutItem } from "./form";
import { Matching } from "./Matching";
import { Triggers } from "./Triggers";

interface Props {
  rules: readonly RuleForm[];
  set: SetTargetForm;
  problem: Problem | undefined;
}

/** The target's rules. Most targets have one; then it has no heading of its own. */
export function Rules({ rules, set, problem }: Props): ReactElement {
  const isOne = rules.length === 1;
  return (
    <>
      {rules.map((rule, at) => {
        const change = (changes: Partial<RuleForm>) => set({ rules: withChange(rules, rule.key, changes) });
        return (
          <section key={rule.key} className="notifications-rule" aria-label={`Rule ${at + 1}`}>
            {!isOne && (
              <div className="notifications-rule-head">
                <Title headingLevel="h2" size="md">
                  Rule {at + 1}
                </Title>
                <Button
                  variant="link"
                  isInline
                  onClick={() => set({ rules: withoutItem(rules, rule.key) })}
                  aria-label={`Remove rule ${at + 1}`}
                >
                  Remove
                </Button>
              </div>
            )}
            <Triggers rule={rule} at={at} change={change} problem={problem} />
            <Matching
              id={`rules[${at}].query`}
              label={isOne ? "Of which runs" : `Of which runs, rule ${at + 1}`}
              query={rule.query}
              change={(query) => change({ query })}
              problem={problem}
            />
          </section>
        );
      })}
      <div>
        <Button
          variant="link"
          isInline
          icon={<PlusCircleIcon />}
          onClick={() =>
            set({
              rules: withItem(rules, (key) => ({ ...newRule(key), ...(rules.length > 0 && { on: [] }) })),
            })
          }
        >
          {rules.length === 0 ? "Add a rule" : "Add a rule for other runs"}
        </Button>
      </div>
    </>
  );
}
