import type { ReactElement } from "react";
import type { Problem } from "../../../parts/form/problem";
import { TextField } from "../../../parts/form/TextField";
import type { SetRunForm } from "../../../parts/runForm/form";
import { NamedSecrets } from "../../../parts/runForm/NamedSecrets";
import type { ScheduleForm, SetScheduleForm } from "./form";

interface Props {
  form: ScheduleForm;
  set: SetScheduleForm;
  setRun: SetRunForm;
  problem: Problem | undefined;
}

/** Secrets are named, not typed: a schedule is stored. */
export function Secrets({ form, set, setRun, problem }: Props): ReactElement {
  return (
    <NamedSecrets
      form={form.run}
      set={setRun}
      problem={problem}
      about="A schedule is stored, so it names secrets."
    >
      <TextField
        name="private_key"
        label="Or a key in the configured folders"
        value={form.privateKey}
        onText={(privateKey) => set({ privateKey })}
        problem={problem}
        help="Its name."
      />
    </NamedSecrets>
  );
}
