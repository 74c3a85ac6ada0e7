import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { ActionGroup, Form } from "@patternfly/react-core/dist/esm/components/Form";
import { type FormEvent, type ReactElement, useState } from "react";
import type { NamedFile } from "../../api/types";
import { sentence } from "../../parts/states";
import type { LaunchForm as FormState, SetForm } from "./form";
import { Common, Modes, Seldom } from "./Options";
import { Secrets } from "./Secrets";
import { Target } from "./Target";
import { useLaunch } from "./useLaunch";
import { Variables } from "./Variables";

interface Props {
  /** What the form begins with. */
  start: FormState;
  /** The run that the collector repeats. */
  repeated: string | undefined;
  failed: readonly string[] | undefined;
  playbooks: readonly NamedFile[];
  inventories: readonly NamedFile[];
}

/** The form. The fields that most runs need come first, the rest is folded. */
export function LaunchForm({ start, repeated, failed, playbooks, inventories }: Props): ReactElement {
  const [form, setForm] = useState(start);
  const set: SetForm = (changes) => setForm((now) => ({ ...now, ...changes }));
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
    <Form onSubmit={submit} className="launch-form" autoComplete="off">
      <Target {...{ form, set, problem, playbooks, inventories, failed }} />
      <Modes form={form} set={set} />
      <Variables value={form.variables} set={(variables) => set({ variables })} problem={problem} />
      <Common {...options} />
      <Folded title="Vault password and private key" isOpen={isIn(["vault_password", "private_key"], field)}>
        <Secrets {...options} />
      </Folded>
      <Folded
        title="Become, forks, verbosity, time limit"
        isOpen={isIn(["become_user", "forks", "verbosity", "timeout"], field)}
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
  ["skip_tags", "skip tags"],
  ["become_user", "user to become"],
  ["only_failed", "failed hosts"],
]);

function verb({ check, onlyFailed }: FormState, isReplay: boolean): string {
  const what = isReplay ? `Replay${onlyFailed ? " on the failed hosts" : ""}` : "Launch";
  return check ? `${what} in check mode` : what;
}

function isIn(names: readonly string[], field: string | undefined): boolean {
  return field !== undefined && names.includes(field);
}

interface FoldedProps {
  title: string;
  /** Whether something inside is wrong, so that it must be seen. */
  isOpen: boolean;
  children: ReactElement;
}

function Folded({ title, isOpen, children }: FoldedProps): ReactElement {
  const [isExpanded, setExpanded] = useState(false);
  return (
    <ExpandableSection
      toggleText={title}
      isIndented
      isExpanded={isExpanded || isOpen}
      onToggle={(_, expanded) => setExpanded(expanded)}
    >
      <div className="launch-folded">{children}</div>
    </ExpandableSection>
  );
}
