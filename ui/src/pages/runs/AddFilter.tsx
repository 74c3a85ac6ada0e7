import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { Popover } from "@patternfly/react-core/dist/esm/components/Popover";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { type FormEvent, type ReactElement, useState } from "react";
import { type FilterName, TEXT_FILTERS } from "./filters";
import { type RunsSearch, search as read, TYPES } from "./search";

interface Field {
  name: FilterName;
  label: string;
  /** The words to choose from; if missing, the value is typed. */
  values?: readonly string[];
  type?: "date" | "number";
}

/** The filters that have no control of their own. */
const FIELDS: readonly [Field, ...Field[]] = [
  { name: "playbook", label: "playbook" },
  ...TEXT_FILTERS.filter((name) => name !== "playbook").map((name) => ({ name, label: name })),
  { name: "type", label: "type", values: TYPES },
  { name: "pinned", label: "pinned", values: ["yes", "no"] },
  { name: "start_date", label: "started from (day in UTC)", type: "date" },
  { name: "end_date", label: "started until (day in UTC)", type: "date" },
  { name: "min_duration", label: "took at least (seconds)", type: "number" },
];

interface Props {
  change(changes: { [name in keyof RunsSearch]?: RunsSearch[name] | undefined }): void;
}

/** A filter by something that is typed or chosen: playbook, host, type, dates … */
export function AddFilter({ change }: Props): ReactElement {
  const [field, setField] = useState<Field>(FIELDS[0]);
  const [value, setValue] = useState("");
  const pick = (name: string) => {
    const picked = FIELDS.find((one) => one.name === name) ?? FIELDS[0];
    setField(picked);
    setValue(picked.values?.[0] ?? "");
  };
  const form = (hide: () => void) => {
    const submit = (event: FormEvent) => {
      event.preventDefault();
      if (value.trim() !== "") {
        // A day replaces "in the last 24 hours".
        const isDay = field.name === "start_date";
        change({ ...(isDay && { since: undefined }), ...read({ [field.name]: value.trim() }) });
        setValue(field.values?.[0] ?? "");
        hide();
      }
    };
    return (
      <Form onSubmit={submit}>
        <FormGroup label="Field" fieldId="filter-name">
          <FormSelect id="filter-name" value={field.name} onChange={(_, name) => pick(name)}>
            {FIELDS.map(({ name, label }) => (
              <FormSelectOption key={name} value={name} label={label} />
            ))}
          </FormSelect>
        </FormGroup>
        <FormGroup label="Value" fieldId="filter-value">
          {field.values === undefined ? (
            <TextInput
              id="filter-value"
              type={field.type ?? "text"}
              {...(field.type === "number" && { min: 0, step: 1 })}
              value={value}
              onChange={(_, text) => setValue(text)}
              autoComplete="off"
            />
          ) : (
            <FormSelect id="filter-value" value={value} onChange={(_, word) => setValue(word)}>
              {field.values.map((word) => (
                <FormSelectOption key={word} value={word} label={word} />
              ))}
            </FormSelect>
          )}
        </FormGroup>
        <Button type="submit" isDisabled={value.trim() === ""}>
          Filter
        </Button>
      </Form>
    );
  };
  return (
    <Popover appendTo="inline" bodyContent={form} maxWidth="20rem" aria-label="Add a filter">
      <Button variant="link" icon={<PlusCircleIcon />}>
        Filter
      </Button>
    </Popover>
  );
}
