import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { Radio } from "@patternfly/react-core/dist/esm/components/Radio";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import type { ReactElement } from "react";
import type { CleanupForm } from "./cleanup";

interface Props {
  form: CleanupForm;
  change(changes: Partial<CleanupForm>): void;
}

/** The configured rules, or the user's own limits. */
export function Limits({ form, change }: Props): ReactElement {
  return (
    <>
      <FormGroup role="radiogroup" label="Which rules apply" fieldId="decides">
        <Radio
          id="decides-configured"
          name="decides"
          label="The rules of the collector's configuration"
          isChecked={form.isConfigured}
          onChange={() => change({ isConfigured: true })}
        />
        <Radio
          id="decides-limits"
          name="decides"
          label="Limits for this time: a run is deleted as soon as any of them applies"
          isChecked={!form.isConfigured}
          onChange={() => change({ isConfigured: false })}
        />
      </FormGroup>
      {!form.isConfigured && (
        <div className="settings-limits">
          <Count id="days" label="Keep for days" form={form} change={change} />
          <Count id="runs" label="Keep the newest runs" form={form} change={change} />
          <Text id="bytes" label="Keep bytes of logs" help="Such as 10GB." form={form} change={change} />
          <Count id="payloadDays" label="Keep output for days" form={form} change={change} />
          <Count
            id="atLeast"
            label="Always keep this many runs of each playbook"
            form={form}
            change={change}
          />
          <Text id="playbook" label="Only runs of this playbook" form={form} change={change} />
          <Text id="label" label="Only runs with this label" form={form} change={change} />
          <FormGroup label="Only runs with this status" fieldId="retention-status">
            <FormSelect
              id="retention-status"
              value={form.status}
              onChange={(_, word) => change({ status: word === "success" || word === "failed" ? word : "" })}
            >
              <FormSelectOption value="" label="Any" />
              <FormSelectOption value="success" label="Success" />
              <FormSelectOption value="failed" label="Failed" />
            </FormSelect>
          </FormGroup>
        </div>
      )}
    </>
  );
}

interface TextProps extends Props {
  id: "days" | "runs" | "bytes" | "payloadDays" | "atLeast" | "playbook" | "label";
  label: string;
  help?: string;
  type?: "text" | "number";
}

function Text({ id, label, help, type = "text", form, change }: TextProps): ReactElement {
  return (
    <FormGroup label={label} fieldId={`retention-${id}`}>
      <TextInput
        id={`retention-${id}`}
        type={type}
        {...(type === "number" && { min: id === "atLeast" ? 0 : 1 })}
        value={form[id]}
        onChange={(_, text) => change({ [id]: text })}
      />
      {help !== undefined && (
        <FormHelperText>
          <HelperText>
            <HelperTextItem>{help}</HelperTextItem>
          </HelperText>
        </FormHelperText>
      )}
    </FormGroup>
  );
}

function Count(props: Omit<TextProps, "type">): ReactElement {
  return <Text {...props} type="number" />;
}
