import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextArea } from "@patternfly/react-core/dist/esm/components/TextArea";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import PlusCircleIcon from "@patternfly/react-icons/dist/esm/icons/plus-circle-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import type { ReactElement } from "react";
import type { Problem } from "../form/problem";
import { sentence } from "../states";
import type { VariableRow, VariablesInput } from "./variables";

interface Props {
  value: VariablesInput;
  set(value: VariablesInput): void;
  problem: Problem | undefined;
  /** A note on how they are treated. */
  help: string;
}

/** Extra variables: rows of names and values, or a text. */
export function Variables({ value, set, problem, help }: Props): ReactElement {
  const text = problem?.field === "extra_vars" ? problem.text : undefined;
  const isText = value.mode === "text";
  return (
    <FormGroup label="Extra variables" role="group" fieldId="extra_vars">
      <ToggleGroup aria-label="How to write extra variables" isCompact className="pb-form-variables-mode">
        <ToggleGroupItem
          text="Names and values"
          isSelected={!isText}
          onChange={() => set({ ...value, mode: "rows" })}
        />
        <ToggleGroupItem
          text="YAML or JSON"
          isSelected={isText}
          onChange={() => set({ ...value, mode: "text" })}
        />
      </ToggleGroup>
      {isText ? (
        <TextArea
          id="extra_vars"
          aria-label="Extra variables as YAML or JSON"
          aria-describedby="extra_vars-help"
          className="pb-code"
          rows={6}
          resizeOrientation="vertical"
          placeholder={"version: 1.2\nfeatures: [a, b]"}
          value={value.text}
          onChange={(_, typed) => set({ ...value, text: typed })}
          validated={text === undefined ? "default" : "error"}
          autoComplete="off"
          spellCheck={false}
        />
      ) : (
        <Rows rows={value.rows} set={(rows) => set({ ...value, rows })} />
      )}
      <FormHelperText>
        <HelperText id="extra_vars-help" isLiveRegion={text !== undefined}>
          {text !== undefined && <HelperTextItem variant="error">{sentence(text)}</HelperTextItem>}
          <HelperTextItem>
            {isText ? "As in a file of variables." : "Values are texts, as with -e name=value."} {help}
          </HelperTextItem>
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}

interface RowsProps {
  rows: readonly VariableRow[];
  set(rows: readonly VariableRow[]): void;
}

function Rows({ rows, set }: RowsProps): ReactElement {
  const change = (key: number, changes: Partial<VariableRow>) =>
    set(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  const add = () =>
    set([...rows, { key: Math.max(-1, ...rows.map(({ key }) => key)) + 1, name: "", value: "" }]);
  return (
    <div className="pb-form-rows">
      {rows.map(({ key, name, value }, at) => (
        <div key={key} className="pb-form-row">
          <TextInput
            id={at === 0 ? "extra_vars" : `extra_vars-${key}`}
            aria-label={`Name of variable ${at + 1}`}
            placeholder="name"
            value={name}
            onChange={(_, typed) => change(key, { name: typed })}
            autoComplete="off"
            spellCheck={false}
            className="pb-code"
          />
          <span aria-hidden="true">=</span>
          <TextInput
            aria-label={`Value of ${name || `variable ${at + 1}`}`}
            placeholder="value"
            value={value}
            onChange={(_, typed) => change(key, { value: typed })}
            autoComplete="off"
            spellCheck={false}
            className="pb-code"
          />
          <Button
            variant="plain"
            aria-label={`Remove ${name || `variable ${at + 1}`}`}
            icon={<TimesIcon />}
            onClick={() => set(rows.filter((row) => row.key !== key))}
          />
        </div>
      ))}
      <Button variant="link" isInline icon={<PlusCircleIcon />} onClick={add}>
        Add a variable
      </Button>
    </div>
  );
}
