import { TextArea } from "@patternfly/react-core/dist/esm/components/TextArea";
import type { ReactElement } from "react";
import { Field, validity } from "../../parts/form/Field";
import type { Problem } from "../../parts/form/problem";
import { TextField } from "../../parts/form/TextField";
import type { RunForm, SetRunForm } from "../../parts/runForm/form";
import { NamedSecrets } from "../../parts/runForm/NamedSecrets";

interface Props {
  form: RunForm;
  set: SetRunForm;
  problem: Problem | undefined;
}

/** Secrets for one run: typed here, sent once, never stored; or named. */
export function Secrets({ form, set, problem }: Props): ReactElement {
  return (
    <>
      <TextField
        name="vault_password"
        label="Vault password"
        type="password"
        value={form.vaultPassword}
        onText={(vaultPassword) => set({ vaultPassword })}
        problem={problem}
        help="Never stored, here or in the collector. A replay asks for it again."
      />
      <Field
        name="private_key"
        label="Private key"
        problem={problem}
        help="Its text, which is never stored, or the name of a file in the configured folders."
      >
        <TextArea
          {...validity("private_key", problem)}
          className="pb-code"
          rows={3}
          resizeOrientation="vertical"
          value={form.privateKey}
          onChange={(_, privateKey) => set({ privateKey })}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      <NamedSecrets {...{ form, set, problem }} about="In place of a value, name a secret." />
    </>
  );
}
