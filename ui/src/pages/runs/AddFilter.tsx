import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { Popover } from "@patternfly/react-core/dist/esm/components/Popover";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import { type FormEvent, type ReactElement, useState } from "react";
import { TEXT_FILTERS } from "./filters";
import type { RunsSearch } from "./search";

interface Props {
  change(changes: RunsSearch): void;
}

/** A filter by something that is typed: playbook, host, user … */
export function AddFilter({ change }: Props): ReactElement {
  const [name, setName] = useState<(typeof TEXT_FILTERS)[number]>("playbook");
  const [value, setValue] = useState("");
  const form = (hide: () => void) => {
    const submit = (event: FormEvent) => {
      event.preventDefault();
      if (value.trim() !== "") {
        change({ [name]: value.trim() });
        setValue("");
        hide();
      }
    };
    return (
      <Form onSubmit={submit}>
        <FormGroup label="Field" fieldId="filter-name">
          <FormSelect
            id="filter-name"
            value={name}
            onChange={(_, picked) => setName(TEXT_FILTERS.find((one) => one === picked) ?? "playbook")}
          >
            {TEXT_FILTERS.map((one) => (
              <FormSelectOption key={one} value={one} label={one} />
            ))}
          </FormSelect>
        </FormGroup>
        <FormGroup label="Value" fieldId="filter-value">
          <TextInput
            id="filter-value"
            value={value}
            onChange={(_, text) => setValue(text)}
            autoComplete="off"
          />
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
