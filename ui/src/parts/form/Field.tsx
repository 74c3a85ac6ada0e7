import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import type { ReactElement, ReactNode } from "react";
import { sentence } from "../states";
import type { Problem } from "./problem";
import "./form.css";

interface Props {
  /** Its name in the API, which is also the id of its input. */
  name: string;
  label: string;
  problem: Problem | undefined;
  isRequired?: boolean;
  help?: ReactNode;
  children: ReactNode;
}

/** A field with its label, its help, and the collector's error about it. */
export function Field({ name, label, problem, isRequired = false, help, children }: Props): ReactElement {
  const text = problem?.field === name ? problem.text : undefined;
  return (
    <FormGroup label={label} fieldId={name} isRequired={isRequired}>
      {children}
      <FormHelperText>
        <HelperText id={`${name}-help`} isLiveRegion={text !== undefined}>
          {text !== undefined && <HelperTextItem variant="error">{sentence(text)}</HelperTextItem>}
          {help !== undefined && <HelperTextItem>{help}</HelperTextItem>}
        </HelperText>
      </FormHelperText>
    </FormGroup>
  );
}

/** The properties of an input that is wrong, for PatternFly and for screen readers. */
export function validity(name: string, problem: Problem | undefined) {
  return {
    id: name,
    "aria-describedby": `${name}-help`,
    validated: problem?.field === name ? ("error" as const) : ("default" as const),
  };
}
