import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextArea } from "@patternfly/react-core/dist/esm/components/TextArea";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { redactExecution } from "../../api/actions";
import { keys } from "../../api/queries";
import { ConfirmDialog } from "../../parts/ConfirmDialog";

const FIELDS = [
  {
    name: "texts",
    label: "Texts",
    help: "Hidden exactly as typed, wherever they occur. They are never stored.",
  },
  {
    name: "keys",
    label: "Names of keys",
    help: "Their values are hidden; * and ? stand for any text: *password*",
  },
  { name: "patterns", label: "Regular expressions", help: "Their matches are hidden." },
] as const;

type Values = { [name in (typeof FIELDS)[number]["name"]]: string };

/** Hides values in a finished run permanently. */
export function RedactDialog({ id, close }: { id: string; close(): void }): ReactElement {
  const [values, setValues] = useState<Values>({ texts: "", keys: "", patterns: "" });
  const cache = useQueryClient();
  const confirm = async (note: string | undefined) => {
    await redactExecution(id, {
      texts: lines(values.texts),
      keys: lines(values.keys),
      patterns: lines(values.patterns),
      ...(note !== undefined && { note }),
    });
    await cache.invalidateQueries({ queryKey: keys.execution(id) });
  };
  return (
    <ConfirmDialog
      title="Redact this run"
      action="Redact for good"
      isDanger
      hasNote
      isIncomplete={Object.values(values).every((value) => value.trim() === "")}
      confirm={confirm}
      close={close}
    >
      <Alert component="p" isInline isPlain variant="warning" title="Redaction cannot be undone." />
      {FIELDS.map(({ name, label, help }) => (
        <FormGroup key={name} label={`${label}, one a line`} fieldId={`redact-${name}`}>
          <TextArea
            id={`redact-${name}`}
            rows={2}
            resizeOrientation="vertical"
            autoComplete="off"
            spellCheck={false}
            value={values[name]}
            onChange={(_, value) => setValues({ ...values, [name]: value })}
          />
          <FormHelperText>
            <HelperText>
              <HelperTextItem>{help}</HelperTextItem>
            </HelperText>
          </FormHelperText>
        </FormGroup>
      ))}
    </ConfirmDialog>
  );
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
