import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import type { ReactElement, ReactNode } from "react";
import { Field, validity } from "./Field";
import type { Problem } from "./problem";

interface Props {
  name: string;
  label: string;
  value: string;
  onText(text: string): void;
  problem: Problem | undefined;
  help?: ReactNode;
  isRequired?: boolean;
  isDisabled?: boolean;
  type?: "text" | "number" | "password";
  placeholder?: string;
  /** The id of a `datalist` with values to choose from; others can be typed. */
  list?: string | undefined;
}

/** A field of one line. Nothing is remembered by the browser. */
export function TextField(props: Props): ReactElement {
  const { name, label, value, onText, problem, help, isRequired = false, isDisabled = false } = props;
  return (
    <Field name={name} label={label} problem={problem} isRequired={isRequired} help={help}>
      <TextInput
        {...validity(name, problem)}
        type={props.type ?? "text"}
        placeholder={props.placeholder ?? ""}
        {...(props.list !== undefined && { list: props.list })}
        value={value}
        onChange={(_, text) => onText(text)}
        isRequired={isRequired}
        isDisabled={isDisabled}
        autoComplete="off"
        spellCheck={false}
      />
    </Field>
  );
}
