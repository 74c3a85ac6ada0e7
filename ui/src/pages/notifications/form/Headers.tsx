import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import type { ReactElement } from "react";
import { sentence } from "../../../parts/states";
import { withChange, withItem, withoutItem } from "./form";
import type { FieldsProps } from "./KindFields";

/** Header fields of the request: their values are secrets. */
export function Headers({ form, set, problem, stored, help }: FieldsProps & { help: string }): ReactElement {
  const { headers, withoutHeaders } = form;
  const text = problem?.field === "headers" ? problem.text : undefined;
  const isStored = stored.includes("headers");
  const change = (key: number, changes: { name?: string; value?: string }) =>
    set({ headers: withChange(headers, key, changes) });
  return (
    <FormGroup label="Header fields" role="group" fieldId="headers">
      {isStored && (
        <Checkbox
          id="without-headers"
          label="Remove the stored ones"
          isChecked={withoutHeaders}
          onChange={(_, isOn) => set({ withoutHeaders: isOn })}
        />
      )}
      <div className="pb-form-rows">
        {headers.map(({ key, name, value }, at) => (
          <div key={key} className="pb-form-row">
            <TextInput
              id={at === 0 ? "headers" : `headers-${key}`}
              aria-label={`Name of header field ${at + 1}`}
              placeholder="Authorization"
              value={name}
              onChange={(_, typed) => change(key, { name: typed })}
              autoComplete="off"
              spellCheck={false}
              className="pb-code"
            />
            <span aria-hidden="true">:</span>
            <TextInput
              type="password"
              aria-label={`Value of ${name || `header field ${at + 1}`}`}
              value={value}
              onChange={(_, typed) => change(key, { value: typed })}
              autoComplete="off"
              className="pb-code"
            />
            <Button
              variant="plain"
              aria-label={`Remove ${name || `header field ${at + 1}`}`}
              icon={<TimesIcon />}
              onClick={() => set({ headers: withoutItem(headers, key) })}
            />
          </div>
        ))}
        <Button
          variant="link"
          isInline
          icon={<PlusCircleIcon />}
          onClick={() => set({ headers: withItem(headers, (key) => ({ key, name: "", value: "" })) })}
        >
          Add a header field
        </Button>
      </div>
      <FormHelperText>
        <HelperText isLiveRegion={text !== undefined}>
          {text !== undefined && <HelperTextItem variant="error">{sentence(text)}</HelperTextItem>}
          <HelperTextItem>
            {help}
            {isStored && " The stored ones stay, unless you type new ones here."}
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}
