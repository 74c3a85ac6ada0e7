import { FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { Radio } from "@patternfly/react-core/dist/esm/components/Radio";
import type { ReactElement } from "react";
import type { Problem } from "../../../parts/form/problem";
import { TextField } from "../../../parts/form/TextField";
import { MISSED_WORDS, OVERLAP_WORDS } from "../words";
import type { ScheduleForm, SetScheduleForm } from "./form";

interface Props {
  form: ScheduleForm;
  set: SetScheduleForm;
  problem: Problem | undefined;
}

/** The rules for overlaps, missed times and delays. */
export function RuleFields({ form, set, problem }: Props): ReactElement {
  return (
    <>
      <FormGroup role="radiogroup" label="If the last run is not over" fieldId="overlap">
        {OVERLAP_WORDS.map(([overlap, name, about]) => (
          <Radio
            key={overlap}
            id={`overlap-${overlap}`}
            name="overlap"
            label={name}
            description={about}
            isChecked={form.overlap === overlap}
            onChange={() => set({ overlap })}
          />
        ))}
      </FormGroup>
      <FormGroup role="radiogroup" label="Times that came while no collector was running" fieldId="missed">
        {MISSED_WORDS.map(([missed, name, about]) => (
          <Radio
            key={missed}
            id={`missed-${missed}`}
            name="missed"
            label={name}
            description={about}
            isChecked={form.missed === missed}
            onChange={() => set({ missed })}
          />
        ))}
      </FormGroup>
      <TextField
        name="jitter_seconds"
        label="Random delay, up to this many seconds"
        type="number"
        value={form.jitter}
        onText={(jitter) => set({ jitter })}
        problem={problem}
        placeholder="0"
        help="So that schedules do not all start at the same moment; at most 3600."
      />
    </>
  );
}
