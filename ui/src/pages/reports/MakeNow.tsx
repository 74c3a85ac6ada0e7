import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactElement, useId, useState } from "react";
import { usePreferences } from "../../app/preferences";
import { PERIOD_WORDS, PERIODS, type Period, zoneName } from "../../parts/periods";

/** Requests a report of the time before now. */
export function MakeNow(): ReactElement {
  const id = useId();
  const navigate = useNavigate();
  const { zone } = usePreferences();
  const [period, setPeriod] = useState<Period>("week");
  const [query, setQuery] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const q = query.trim();
    void navigate({
      to: "/reports/preview",
      search: { period, zone: zoneName(zone), ...(q !== "" && { q }) },
    });
  };
  return (
    <Form className="reports-now" onSubmit={submit} aria-label="Make a report now">
      <FormGroup label="Period" fieldId={`${id}-period`}>
        <FormSelect
          id={`${id}-period`}
          value={period}
          onChange={(_, chosen) => setPeriod(PERIODS.find((one) => one === chosen) ?? "week")}
        >
          {PERIODS.map((one) => (
            <FormSelectOption key={one} value={one} label={PERIOD_WORDS[one]} />
          ))}
        </FormSelect>
      </FormGroup>
      <FormGroup label="Runs" fieldId={`${id}-query`} className="reports-query">
        <TextInput
          id={`${id}-query`}
          value={query}
          placeholder="All, or a query such as label:production"
          onChange={(_, text) => setQuery(text)}
        />
      </FormGroup>
      <Button type="submit">Make a report now</Button>
    </Form>
  );
}
