import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import type { ReactElement } from "react";
import type { Problem } from "../../../parts/form/problem";
import { sentence } from "../../../parts/states";
import { DAYS } from "../words";
import { type QuietForm, type SetTargetForm, withChange, withItem, withoutItem } from "./form";

interface Props {
  quiet: readonly QuietForm[];
  set: SetTargetForm;
  problem: Problem | undefined;
}

/** Hours in which nothing is sent. */
export function Quiet({ quiet, set, problem }: Props): ReactElement {
  const text = problem?.field === "quiet" ? problem.text : undefined;
  const add = (key: number): QuietForm => ({ key, from: "22:00", to: "06:00", days: [] });
  return (
    <FormGroup label="Quiet hours" role="group" fieldId="quiet">
      <div className="pb-form-rows">
        {quiet.map((hours, at) => (
          <Hours
            key={hours.key}
            hours={hours}
            number={at + 1}
            change={(changes) => set({ quiet: withChange(quiet, hours.key, changes) })}
            remove={() => set({ quiet: withoutItem(quiet, hours.key) })}
          />
        ))}
        <Button
          id="quiet"
          variant="link"
          isInline
          icon={<PlusCircleIcon />}
          onClick={() => set({ quiet: withItem(quiet, add) })}
        >
          Add quiet hours
        </Button>
      </div>
      <FormHelperText>
        <HelperText isLiveRegion={text !== undefined}>
          {text !== undefined && <HelperTextItem variant="error">{sentence(text)}</HelperTextItem>}
          <HelperTextItem>
            Nothing is sent in them; what happened is sent at their end, in one message. They are in the
            collector's time zone. Without a day, they are every day.
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}

interface HoursProps {
  hours: QuietForm;
  number: number;
  change(changes: Partial<QuietForm>): void;
  remove(): void;
}

function Hours({ hours, number, change, remove }: HoursProps): ReactElement {
  const { key, from, to, days } = hours;
  return (
    <div className="notifications-hours">
      <div className="notifications-hours-times">
        <TextInput
          type="time"
          aria-label={`Beginning of quiet hours ${number}`}
          value={from}
          onChange={(_, time) => change({ from: time })}
        />
        <span>to</span>
        <TextInput
          type="time"
          aria-label={`End of quiet hours ${number}`}
          value={to}
          onChange={(_, time) => change({ to: time })}
        />
        <Button
          variant="plain"
          aria-label={`Remove quiet hours ${number}`}
          icon={<TimesIcon />}
          onClick={remove}
        />
      </div>
      <fieldset className="notifications-days">
        <legend className="pb-subtle pb-small">Beginning on</legend>
        {DAYS.map(([day, name]) => (
          <Checkbox
            key={day}
            id={`quiet-${key}-${day}`}
            label={name.slice(0, 3)}
            aria-label={name}
            isChecked={days.includes(day)}
            onChange={(_, isOn) =>
              change({ days: isOn ? [...days, day] : days.filter((other) => other !== day) })
            }
          />
        ))}
      </fieldset>
    </div>
  );
}
