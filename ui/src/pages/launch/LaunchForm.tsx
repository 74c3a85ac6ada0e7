import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ActionGroup, Form } from "@patternfly/react-core/dist/esm/components/Form";
import { type FormEvent, type ReactElement, useState } from "react";
import type { NamedFile } from "../../api/types";
import { Folded } from "../../parts/form/Folded";
import type { RunForm, SetRunForm } from "../../parts/runForm/form";
import { Common, Modes, Seldom } from "../../parts/runForm/Options";
import { Target } from "../../parts/runForm/Target";
import { Variables } from "../../parts/runForm/Variables";
import { sentence } from "../../parts/states";
import { Secrets } from "./Secrets";
import { useLaunch } from "./useLaunch";

interface Props {
  /** The form's initial content. */
  start: RunForm;
  /** The run that the collector repeats. */
  repeated: string | undefined;
  failed: readonly string[] | undefined;
  playbooks: readonly NamedFile[];
  inventories: readonly NamedFile[];
}

/** The form. The fields that most runs need come first, the rest is folded. */
export function LaunchForm({ start, repeated, failed, playbooks, inventories }: Props): ReactElement {
  const [form, setForm] = useState(start);
  const set: SetRunForm = (changes) => setForm((now) => ({ ...now, ...changes }));
  const { send, isSending, problem } = useLaunch(form, start, repeated, setForm);
  const field = problem?.field;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const isIncomplete = form.type === "adhoc" ? form.hosts.trim() === "" : form.playbook === "";
  const isReplay = repeated !== undefined;
  const options = { form, set, problem, isReplay };
  return (
    <Form onSubmit={submit} className="pb-form" autoComplete="off">
      <Target
        {...{ form, set, problem, playbooks, inventories, failed }}
        argsHelp="They may be secret: they are not stored, and must be typed again for a replay."
      />
      <Modes form={form} set={set} />
      <Variables
        value={form.variables}
        set={(variables) => set({ variables })}
        problem={problem}
        help="Only names are stored, and Ansible evaluates no templates in them."
      />
      <Common {...options} />
      <Folded
        title="Vault password, private key, secrets"
        fields={[
          "vault_password",
          "private_key",
          "secrets.vault_password",
          "secrets.private_key",
          "secrets.extra_vars",
        ]}
        problem={problem}
      >
        <Secrets {...options} />
      </Folded>
      <Folded
        title="Become, forks, verbosity, time limit"
        fields={["become_user", "forks", "verbosity", "timeout"]}
        problem={problem}
      >
        <Seldom {...options} />
      </Folded>
      {problem !== undefined && (
        <Alert
          isInline
          variant="danger"
          component="p"
          title={
            field === undefined ? sentence(problem.text) : `Not started: see ${LABELS.get(field) ?? field}`
          }
        />
      )}
      <ActionGroup>
        <Button type="submit" isLoading={isSending} isDisabled={isSending || isIncomplete}>
          {verb(form, isReplay)}
        </Button>
      </ActionGroup>
    </Form>
  );
}

const LABELS = new Map([
  ["extra_vars", "extra variables"],
  ["vault_password", "vault password"],
  ["private_key", "private key"],
  ["secrets.vault_password", "secret with the vault password"],
  ["secrets.private_key", "secret with the private key"],
  ["secrets.extra_vars", "secret variables"],
  ["skip_tags", "skip tags"],
  ["become_user", "user to become"],
  ["only_failed", "failed hosts"],
]);

function verb({ check, onlyFailed }: RunForm, isReplay: boolean): string {
  const what = isReplay ? `Replay${onlyFailed ? " on the failed hosts" : ""}` : "Launch";
  return check ? `${what} in check mode` : what;
}
