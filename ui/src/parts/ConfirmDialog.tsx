import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core/dist/esm/components/Modal";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactElement, type ReactNode, useId, useState } from "react";
import { messageOf } from "../api/error";
import { sentence } from "./states";

interface Props {
  title: string;
  /** The word on the button: "Delete". */
  action: string;
  isDanger?: boolean;
  /** Whether the action is not possible yet, because something is missing. */
  isIncomplete?: boolean;
  /** Asks for the reason, for the audit trail. */
  hasNote?: boolean;
  children?: ReactNode;
  /** The action; an error is shown, and the dialog stays open. */
  confirm(note: string | undefined): Promise<void>;
  close(): void;
}

/** Asks before an action that cannot be undone, or that needs a few words. */
export function ConfirmDialog(props: Props): ReactElement {
  const {
    title,
    action,
    isDanger = false,
    isIncomplete = false,
    hasNote = false,
    children,
    confirm,
    close,
  } = props;
  const [note, setNote] = useState("");
  const id = useId();
  const doing = useMutation({
    mutationFn: () => confirm(note.trim() === "" ? undefined : note.trim()),
    onSuccess: close,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    doing.mutate();
  };
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby={`${id}-title`}>
      <ModalHeader title={title} labelId={`${id}-title`} {...(isDanger && { titleIconVariant: "warning" })} />
      <ModalBody>
        <Form id={`${id}-form`} onSubmit={submit}>
          {children}
          {hasNote && (
            <FormGroup label="Why (kept in the audit trail)" fieldId={`${id}-note`}>
              <TextInput id={`${id}-note`} value={note} onChange={(_, text) => setNote(text)} />
            </FormGroup>
          )}
          {doing.isError && (
            <Alert component="p" isInline variant="danger" title={sentence(messageOf(doing.error))} />
          )}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          type="submit"
          form={`${id}-form`}
          variant={isDanger ? "danger" : "primary"}
          isLoading={doing.isPending}
          isDisabled={isIncomplete || doing.isPending}
        >
          {action}
        </Button>
        <Button variant="link" onClick={close}>
          Close
        </Button>
      </ModalFooter>
    </Modal>
  );
}
