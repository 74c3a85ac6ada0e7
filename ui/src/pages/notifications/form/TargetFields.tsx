import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ActionGroup, Form } from "@patternfly/react-core/dist/esm/components/Form";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { type FormEvent, type ReactElement, type ReactNode, useState } from "react";
import { Field, validity } from "../../../parts/form/Field";
import { Folded } from "../../../parts/form/Folded";
import { TextField } from "../../../parts/form/TextField";
import { sentence } from "../../../parts/states";
import { NoKey } from "../NoKey";
import { KINDS } from "../words";
import type { SetTargetForm, TargetForm } from "./form";
import { KindFields } from "./KindFields";
import { Quiet } from "./Quiet";
import { Rules } from "./Rules";
import { useSave } from "./useSave";

interface Props {
  start: TargetForm;
  /** For an existing target: its stored secrets. */
  stored?: readonly string[];
  /** Whether the target is new, and gets its name here. */
  isNew?: boolean;
  /** Leaves the form without saving. */
  cancel: ReactNode;
}

/** The form: the fields that most users fill in first, and the rest folded. */
export function TargetFields({ start, stored = [], isNew = false, cancel }: Props): ReactElement {
  const [form, setForm] = useState(start);
  const set: SetTargetForm = (changes) => setForm((now) => ({ ...now, ...changes }));
  const { save, isSaving, problem } = useSave(form, isNew, setForm);
  // Secrets of another kind do not apply.
  const kept = form.kind === start.kind ? stored : [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save();
  };
  const isPagerduty = form.kind === "pagerduty";
  return (
    <Form onSubmit={submit} className="pb-form" autoComplete="off" noValidate>
      <NoKey />
      {isNew && (
        <TextField
          name="name"
          label="Name"
          value={form.name}
          onText={(name) => set({ name })}
          problem={problem}
          placeholder="ops"
          help="Letters, digits, “-”, “_” and “.”, as commands name it."
          isRequired
        />
      )}
      <Field name="kind" label="Send to" problem={problem}>
        <FormSelect
          {...validity("kind", problem)}
          value={form.kind}
          onChange={(_, picked) => set({ kind: KINDS.find(([kind]) => kind === picked)?.[0] ?? form.kind })}
        >
          {KINDS.map(([kind, name]) => (
            <FormSelectOption key={kind} value={kind} label={name} />
          ))}
        </FormSelect>
      </Field>
      <KindFields form={form} set={set} problem={problem} stored={kept} />
      <Rules rules={form.rules} set={set} problem={problem} />
      <Folded
        title="Quiet hours, digest, limit"
        fields={["quiet", "digest_minutes", "max_per_hour"]}
        problem={problem}
        isUsed={form.quiet.length > 0 || form.digestMinutes !== ""}
      >
        {isPagerduty ? (
          <p className="pb-subtle">
            PagerDuty gets each event separately: it has its own schedules and groups.
          </p>
        ) : (
          <>
            <Quiet quiet={form.quiet} set={set} problem={problem} />
            <TextField
              name="digest_minutes"
              label="Minutes between messages"
              type="number"
              value={form.digestMinutes}
              onText={(digestMinutes) => set({ digestMinutes })}
              problem={problem}
              placeholder="each event separately, at once"
              help="Events are collected for this time, and sent together."
            />
          </>
        )}
        <TextField
          name="max_per_hour"
          label="Messages per hour, at most"
          type="number"
          value={form.maxPerHour}
          onText={(maxPerHour) => set({ maxPerHour })}
          problem={problem}
          help="Further events are collected for a few minutes, and sent in one message with counts."
        />
      </Folded>
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
        <Button type="submit" isLoading={isSaving} isDisabled={isSaving || form.name.trim() === ""}>
          {isNew ? "Create the target" : "Save"}
        </Button>
        {cancel}
      </ActionGroup>
    </Form>
  );
}
