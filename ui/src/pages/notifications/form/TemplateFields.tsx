import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { TextArea } from "@patternfly/react-core/dist/esm/components/TextArea";
import type { ReactElement } from "react";
import { Field, validity } from "../../../parts/form/Field";
import { TextField } from "../../../parts/form/TextField";
import { Headers } from "./Headers";
import { type FieldsProps, STAYS } from "./KindFields";

/** Any other HTTP request: its body is a template. */
export function TemplateFields(props: FieldsProps): ReactElement {
  const { form, set, problem, stored } = props;
  const isStored = stored.includes("token");
  return (
    <>
      <div className="pb-form-pair">
        <Field name="method" label="Method" problem={problem}>
          <FormSelect
            {...validity("method", problem)}
            value={form.method}
            onChange={(_, method) => set({ method })}
          >
            <FormSelectOption value="POST" label="POST" />
            <FormSelectOption value="PUT" label="PUT" />
          </FormSelect>
        </Field>
        <TextField
          name="content_type"
          label="Content type"
          value={form.contentType}
          onText={(contentType) => set({ contentType })}
          problem={problem}
          placeholder="application/json"
        />
      </div>
      <Field
        name="body"
        label="Body"
        problem={problem}
        isRequired
        help={
          <>
            A Jinja template, as in Ansible: <code>{"{{ title | tojson }}"}</code>,{" "}
            <code>{"{{ run.url | tojson }}"}</code>. It is tried with an example when you save it.
          </>
        }
      >
        <TextArea
          {...validity("body", problem)}
          className="pb-code"
          rows={5}
          resizeOrientation="vertical"
          placeholder={'{"text": {{ title | tojson }}}'}
          value={form.body}
          onChange={(_, body) => set({ body })}
          isRequired
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
      {isStored && (
        <Checkbox
          id="without-token"
          label="Remove the stored token"
          isChecked={form.withoutToken}
          onChange={(_, isOn) => set({ withoutToken: isOn, ...(isOn && { token: "" }) })}
        />
      )}
      <TextField
        name="token"
        label="Token"
        type="password"
        value={form.token}
        onText={(token) => set({ token })}
        problem={problem}
        placeholder={isStored && !form.withoutToken ? STAYS : ""}
        isDisabled={form.withoutToken}
        help={
          <>
            A secret for body and header fields: <code>{"{{ token | tojson }}"}</code>. The log hides it.
          </>
        }
      />
      <Headers {...props} help="Their values are templates, too." />
    </>
  );
}
