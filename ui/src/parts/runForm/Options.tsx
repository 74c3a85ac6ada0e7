import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import type { ReactElement } from "react";
import { Field, validity } from "../form/Field";
import type { Problem } from "../form/problem";
import { TextField } from "../form/TextField";
import type { RunForm, SetRunForm } from "./form";

interface Props {
  form: RunForm;
  set: SetRunForm;
  problem: Problem | undefined;
  /** Whether missing values stay as they were in the repeated run. */
  isReplay?: boolean;
}

/** Check and diff mode, which users choose for each run. */
export function Modes({ form, set }: Pick<Props, "form" | "set">): ReactElement {
  return (
    <div className="pb-form-modes">
      <Checkbox
        id="check"
        label="Check mode"
        description="Changes nothing, only reports what would change."
        isChecked={form.check}
        onChange={(_, check) => set({ check })}
      />
      <Checkbox
        id="diff"
        label="Show differences"
        description="In files and templates that change."
        isChecked={form.diff}
        onChange={(_, diff) => set({ diff })}
      />
    </div>
  );
}

/** Tags, and why it runs. */
export function Common({ form, set, problem }: Props): ReactElement {
  return (
    <>
      {form.type === "playbook" && (
        <div className="pb-form-pair">
          <TextField
            name="tags"
            label="Tags"
            value={form.tags}
            onText={(tags) => set({ tags })}
            problem={problem}
            placeholder="all"
            help="Only tasks with these tags, separated by commas."
          />
          <TextField
            name="skip_tags"
            label="Skip tags"
            value={form.skipTags}
            onText={(skipTags) => set({ skipTags })}
            problem={problem}
            help="No tasks with these tags."
          />
        </div>
      )}
      <div className="pb-form-pair">
        <TextField
          name="note"
          label="Note"
          value={form.note}
          onText={(note) => set({ note })}
          problem={problem}
          help="Why it runs, for the record."
        />
        <TextField
          name="labels"
          label="Labels"
          value={form.labels}
          onText={(labels) => set({ labels })}
          problem={problem}
          help="Separated by commas; lists can be filtered by them."
        />
      </div>
    </>
  );
}

/** Options that are seldom changed. */
export function Seldom({ form, set, problem, isReplay = false }: Props): ReactElement {
  const unset = isReplay ? "As in the run that is repeated, unless set here." : undefined;
  return (
    <>
      <div className="pb-form-pair">
        <Checkbox
          id="become"
          label="Become another user"
          description={unset ?? "Even where the playbook does not say so."}
          isChecked={form.become}
          onChange={(_, become) => set({ become })}
        />
        <TextField
          name="become_user"
          label="User to become"
          value={form.becomeUser}
          onText={(becomeUser) => set({ becomeUser })}
          problem={problem}
          placeholder="root"
        />
      </div>
      <div className="pb-form-three">
        <TextField
          name="forks"
          label="Forks"
          type="number"
          value={form.forks}
          onText={(forks) => set({ forks })}
          problem={problem}
          help="Hosts at once: 1 to 1000."
        />
        <Field name="verbosity" label="Verbosity" problem={problem}>
          <FormSelect
            {...validity("verbosity", problem)}
            value={form.verbosity}
            onChange={(_, verbosity) => set({ verbosity })}
          >
            {["0", "1", "2", "3", "4", "5", "6"].map((level) => (
              <FormSelectOption
                key={level}
                value={level}
                label={level === "0" ? "Normal" : `-${"v".repeat(Number(level))}`}
              />
            ))}
          </FormSelect>
        </Field>
        <TextField
          name="timeout"
          label="Time limit in seconds"
          type="number"
          value={form.timeout}
          onText={(timeout) => set({ timeout })}
          problem={problem}
          help={unset ?? "The run is ended when it is reached. Empty: as configured."}
        />
      </div>
    </>
  );
}
