import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ActionGroup, Form } from "@patternfly/react-core/dist/esm/components/Form";
import { type FormEvent, type ReactElement, type ReactNode, useState } from "react";
import { ApiError } from "../../../api/error";
import { useFiles } from "../../../api/launch";
import type { NamedFile, Schedule } from "../../../api/types";
import { Folded } from "../../../parts/form/Folded";
import { TextField } from "../../../parts/form/TextField";
import type { SetRunForm } from "../../../parts/runForm/form";
import { NotConfigured } from "../../../parts/runForm/NotConfigured";
import { Common, Modes, Seldom } from "../../../parts/runForm/Options";
import { Target } from "../../../parts/runForm/Target";
import { Variables } from "../../../parts/runForm/Variables";
import { Failed, Loading, sentence } from "../../../parts/states";
import { lineOf } from "../cron";
import type { ScheduleForm, SetScheduleForm } from "./form";
import { RuleFields } from "./RuleFields";
import { Secrets } from "./Secrets";
import { useSave } from "./useSave";
import { WhenFields } from "./WhenFields";

interface Props {
  start: ScheduleForm;
  /** The schedule to change; none for a new one. */
  before?: Schedule;
  /** Leaves the form without saving. */
  cancel: ReactNode;
}

/** The form, shown when the playbooks and inventories are known. */
export function ScheduleFields(props: Props): ReactElement {
  const { files, error, retry } = useFiles();
  if (files === undefined) {
    if (error instanceof ApiError && error.code === "disabled") {
      return <NotConfigured message={error.message} />;
    }
    return error === null ? (
      <Loading what="the playbooks" />
    ) : (
      <Failed error={error} what="what can be run" retry={retry} />
    );
  }
  return <Fields {...props} {...files} />;
}

interface FieldsProps extends Props {
  playbooks: readonly NamedFile[];
  inventories: readonly NamedFile[];
}

function Fields({ start, before, cancel, playbooks, inventories }: FieldsProps): ReactElement {
  const [form, setForm] = useState(start);
  const set: SetScheduleForm = (changes) => setForm((now) => ({ ...now, ...changes }));
  const setRun: SetRunForm = (changes) => setForm((now) => ({ ...now, run: { ...now.run, ...changes } }));
  const { save, isSaving, problem } = useSave(form, before);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save();
  };
  const run = { form: form.run, set: setRun, problem };
  const all = { form, set, problem };
  return (
    <Form onSubmit={submit} className="pb-form" autoComplete="off" noValidate>
      {before === undefined && (
        <TextField
          name="name"
          label="Name"
          value={form.name}
          onText={(name) => set({ name })}
          problem={problem}
          placeholder="nightly"
          help="It cannot be changed later: runs are found by it."
          isRequired
        />
      )}
      <Target
        {...run}
        playbooks={playbooks}
        inventories={inventories}
        argsHelp="They are stored. Readers who may not launch do not see them."
      />
      <WhenFields {...all} />
      <Folded
        title="Runs that overlap, missed times, jitter"
        fields={["overlap", "missed", "jitter_seconds"]}
        problem={problem}
        isUsed={form.overlap !== "skip" || form.missed !== "skip" || form.jitter !== ""}
      >
        <RuleFields {...all} />
      </Folded>
      <Modes form={form.run} set={setRun} />
      <Variables
        value={form.run.variables}
        set={(variables) => setRun({ variables })}
        problem={problem}
        help="They are stored: name secrets below. Readers who may not launch see their names alone."
      />
      <Common {...run} />
      <Folded
        title="Secrets and keys"
        fields={["secrets.vault_password", "secrets.private_key", "secrets.extra_vars", "private_key"]}
        problem={problem}
        isUsed={
          form.run.vaultSecret + form.run.keySecret + form.privateKey !== "" ||
          form.run.variableSecrets.length > 0
        }
      >
        <Secrets {...all} setRun={setRun} />
      </Folded>
      <Folded
        title="Become, forks, verbosity, time limit"
        fields={["become_user", "forks", "verbosity", "timeout"]}
        problem={problem}
      >
        <Seldom {...run} />
      </Folded>
      <TextField
        name="description"
        label="What it is for"
        value={form.description}
        onText={(description) => set({ description })}
        problem={problem}
      />
      {problem !== undefined && (
        <Alert
          isInline
          variant="danger"
          component="p"
          title={
            problem.field === undefined
              ? sentence(problem.text)
              : "Not saved: a field above says what is wrong"
          }
        />
      )}
      <ActionGroup>
        <Button type="submit" isLoading={isSaving} isDisabled={isSaving || isIncomplete(form)}>
          {before === undefined ? "Create the schedule" : "Save"}
        </Button>
        {cancel}
      </ActionGroup>
    </Form>
  );
}

function isIncomplete({ name, run, when }: ScheduleForm): boolean {
  const target = run.type === "adhoc" ? run.hosts : run.playbook;
  return name.trim() === "" || target.trim() === "" || lineOf(when) === "";
}
