import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useId, useState } from "react";
import type { ReportScheduleItem } from "../../api/types";
import { usePreferences } from "../../app/preferences";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { Name } from "../../parts/Name";
import { PERIODS, zoneName } from "../../parts/periods";
import { save, targetsQuery } from "./queries";
import { emptyForm, FORMATS, formOf, type ScheduleForm, settingsOfForm } from "./schedule";

interface Props {
  /** The schedule to change; missing for a new one. */
  schedule: ReportScheduleItem | undefined;
  changed(): Promise<void>;
  close(): void;
}

/** Creates a report schedule, or changes one. */
export function ScheduleDialog({ schedule, changed, close }: Props): ReactElement {
  const { zone } = usePreferences();
  const [form, setForm] = useState(() => (schedule ? formOf(schedule) : emptyForm(zoneName(zone))));
  const settings = settingsOfForm(form, schedule?.paused);
  const change = (changes: Partial<ScheduleForm>) => setForm((before) => ({ ...before, ...changes }));
  return (
    <ConfirmDialog
      title={schedule === undefined ? "New schedule of reports" : `Change ${schedule.name}`}
      action="Save"
      hasNote
      isIncomplete={settings === undefined}
      close={close}
      confirm={async (note) => {
        if (settings !== undefined) {
          await save(form.name.trim(), settings, note, schedule === undefined);
          await changed();
        }
      }}
    >
      {schedule === undefined && (
        <Text label="Name" value={form.name} placeholder="weekly" change={(name) => change({ name })} />
      )}
      <Text
        label="When (minute, hour, day of month, month, day of week)"
        value={form.cron}
        change={(cron) => change({ cron })}
      />
      <Text label="Time zone" value={form.zone} change={(chosen) => change({ zone: chosen })} />
      <PeriodField form={form} change={change} />
      <Text
        label="Runs"
        value={form.query}
        placeholder="All, or a query such as label:production"
        change={(query) => change({ query })}
      />
      <Destinations form={form} change={change} />
    </ConfirmDialog>
  );
}

interface FieldProps {
  form: ScheduleForm;
  change(changes: Partial<ScheduleForm>): void;
}

function PeriodField({ form, change }: FieldProps): ReactElement {
  const id = useId();
  return (
    <FormGroup label="Period, up to that time" fieldId={id}>
      <FormSelect
        id={id}
        value={form.period}
        onChange={(_, chosen) => change({ period: PERIODS.find((one) => one === chosen) ?? form.period })}
      >
        {PERIODS.map((one) => (
          <FormSelectOption key={one} value={one} label={one} />
        ))}
      </FormSelect>
    </FormGroup>
  );
}

/** The destinations and formats. */
function Destinations({ form, change }: FieldProps): ReactElement {
  const id = useId();
  const { data: targets = [] } = useQuery(targetsQuery);
  // A target that was removed meanwhile can be deselected.
  const all = [...new Set([...targets, ...form.targets])];
  return (
    <>
      {all.length > 0 && (
        <FormGroup role="group" label="Send to targets of notifications" fieldId={`${id}-targets`}>
          {all.map((name) => (
            <Checkbox
              key={name}
              id={`${id}-target-${name}`}
              label={<Name>{name}</Name>}
              isChecked={form.targets.includes(name)}
              onChange={(_, isOn) => change({ targets: toggled(form.targets, name, isOn) })}
            />
          ))}
        </FormGroup>
      )}
      <Text
        label="Write to folders, within the folder of the collector's configuration"
        value={form.folders}
        placeholder="None"
        change={(folders) => change({ folders })}
      />
      <FormGroup role="group" label="As" fieldId={`${id}-formats`}>
        {FORMATS.map(([format, word]) => (
          <Checkbox
            key={format}
            id={`${id}-format-${format}`}
            label={word}
            isChecked={form.formats.includes(format)}
            onChange={(_, isOn) => change({ formats: toggled(form.formats, format, isOn) })}
          />
        ))}
      </FormGroup>
    </>
  );
}

function toggled<One>(all: readonly One[], one: One, isOn: boolean): One[] {
  const others = all.filter((other) => other !== one);
  return isOn ? [...others, one] : others;
}

interface TextProps {
  label: string;
  value: string;
  placeholder?: string;
  change(value: string): void;
}

function Text({ label, value, placeholder = "", change }: TextProps): ReactElement {
  const id = useId();
  return (
    <FormGroup label={label} fieldId={id}>
      <TextInput id={id} value={value} placeholder={placeholder} onChange={(_, text) => change(text)} />
    </FormGroup>
  );
}
