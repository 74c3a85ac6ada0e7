import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { secretsQuery } from "../../../api/launch";
import type { Problem } from "../../../parts/form/problem";
import { TextField } from "../../../parts/form/TextField";
import { sentence } from "../../../parts/states";
import type { ScheduleForm, SecretVariable, SetScheduleForm } from "./form";

interface Props {
  form: ScheduleForm;
  set: SetScheduleForm;
  problem: Problem | undefined;
}

/** The id of the list of secrets that there are. */
const LIST = "launch-secrets";

/** Secrets are named, not typed: a schedule is stored. Those that the configuration names are offered. */
export function Secrets({ form, set, problem }: Props): ReactElement {
  const { data: names } = useQuery(secretsQuery);
  const list = names && names.length > 0 ? LIST : undefined;
  return (
    <>
      <p className="pb-subtle">
        A schedule is stored, so it names secrets. Where each is, the collector's configuration says below{" "}
        <code>launcher.secrets</code>
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
        <TextField
          name="private_key"
          label="Or a key in the configured folders"
          value={form.privateKey}
          onText={(privateKey) => set({ privateKey })}
          problem={problem}
          help="Its name."
        />
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
