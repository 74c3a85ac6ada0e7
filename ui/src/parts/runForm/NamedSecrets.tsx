import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement, ReactNode } from "react";
import { secretsQuery } from "../../api/launch";
import type { Problem } from "../form/problem";
import { TextField } from "../form/TextField";
import { sentence } from "../states";
import type { RunForm, SecretVariable, SetRunForm } from "./form";

/** The id of the list of available secrets. */
const LIST = "launch-secrets";

interface Props {
  form: RunForm;
  set: SetRunForm;
  problem: Problem | undefined;
  /** Why they are named. */
  about: string;
  /** A further field after those of the vault password and the key. */
  children?: ReactNode;
}

/** Secrets, by their names in the collector's configuration: the existing ones are offered. */
export function NamedSecrets({ form, set, problem, about, children }: Props): ReactElement {
  const { data: names } = useQuery(secretsQuery);
  const list = names && names.length > 0 ? LIST : undefined;
  return (
    <>
      <p className="pb-subtle">
        {about} Where each is, the collector's configuration says below <code>launcher.secrets</code>
        {names?.length === 0 ? ", which names none yet." : "."}
      </p>
      {list !== undefined && (
        <datalist id={list}>
          {names?.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
      <div className="pb-form-pair">
        <TextField
          name="secrets.vault_password"
          label="Secret with the vault password"
          value={form.vaultSecret}
          onText={(vaultSecret) => set({ vaultSecret })}
          problem={problem}
          list={list}
        />
        <TextField
          name="secrets.private_key"
          label="Secret with the private key"
          value={form.keySecret}
          onText={(keySecret) => set({ keySecret })}
          problem={problem}
          list={list}
        />
        {children}
      </div>
      <Variables
        rows={form.variableSecrets}
        set={(variableSecrets) => set({ variableSecrets })}
        problem={problem?.field === "secrets.extra_vars" ? problem.text : undefined}
        list={list}
      />
    </>
  );
}

interface VariablesProps {
  rows: readonly SecretVariable[];
  set(rows: readonly SecretVariable[]): void;
  problem: string | undefined;
  list: string | undefined;
}

function Variables({ rows, set, problem, list }: VariablesProps): ReactElement {
  const change = (key: number, changes: Partial<SecretVariable>) =>
    set(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  const add = () =>
    set([...rows, { key: Math.max(-1, ...rows.map(({ key }) => key)) + 1, name: "", secret: "" }]);
  return (
    <FormGroup label="Secret variables" role="group" fieldId="secrets.extra_vars">
      <div className="pb-form-rows">
        {rows.map(({ key, name, secret }, at) => (
          <div key={key} className="pb-form-row">
            <TextInput
              id={at === 0 ? "secrets.extra_vars" : `secret-${key}`}
              aria-label={`Name of secret variable ${at + 1}`}
              placeholder="name of the variable"
              value={name}
              onChange={(_, typed) => change(key, { name: typed })}
              className="pb-code"
            />
            <span aria-hidden="true">=</span>
            <TextInput
              aria-label={`Secret of ${name || `variable ${at + 1}`}`}
              placeholder="name of the secret"
              {...(list !== undefined && { list })}
              value={secret}
              onChange={(_, typed) => change(key, { secret: typed })}
              className="pb-code"
            />
            <Button
              variant="plain"
              aria-label={`Remove ${name || `secret variable ${at + 1}`}`}
              icon={<TimesIcon />}
              onClick={() => set(rows.filter((row) => row.key !== key))}
            />
          </div>
        ))}
        <Button variant="link" isInline icon={<PlusCircleIcon />} onClick={add}>
          Add a secret variable
        </Button>
      </div>
      {problem !== undefined && (
        <FormHelperText>
          <HelperText isLiveRegion>
            <HelperTextItem variant="error">{sentence(problem)}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}
