import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { cancelExecution, deleteExecutions, pinExecution, unpinExecution } from "../../api/actions";
import { apiAddress } from "../../api/base";
import { keys } from "../../api/queries";
import type { Execution } from "../../api/types";
import { useScopes } from "../../app/session";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { LinkButton } from "../../parts/LinkButton";
import { MenuButton } from "../../parts/MenuButton";
import { possible, reports } from "./possible";
import { RedactDialog } from "./RedactDialog";

type Dialog = "cancel" | "pin" | "unpin" | "redact" | "delete";

/** The actions that the user's permissions allow for the run. */
export function Actions({ run }: { run: Execution }): ReactElement {
  const { can } = useScopes();
  const [dialog, setDialog] = useState<Dialog>();
  const may = possible(run, can);
  return (
    <>
      {may.cancel && (
        <Button variant="danger" onClick={() => setDialog("cancel")}>
          Cancel
        </Button>
      )}
      {may.replayFailed && (
        <LinkButton to="/launch" search={{ replay: run.id, failed: true }}>
          Replay failed hosts
        </LinkButton>
      )}
      {may.replay && (
        <LinkButton to="/launch" search={{ replay: run.id }} variant="secondary">
          Replay
        </LinkButton>
      )}
      {may.compare && (
        <LinkButton to="/compare/$a" params={{ a: run.id }} variant="secondary">
          Compare
        </LinkButton>
      )}
      <MenuButton
        label="Export"
        actions={reports(run, can).map(({ name, path, query }) => ({
          name,
          download: apiAddress(path, query),
        }))}
      />
      <MenuButton
        label="More actions"
        isKebab
        actions={[
          ...(may.pin ? [{ name: "Pin …", onPick: () => setDialog("pin") }] : []),
          ...(may.unpin ? [{ name: "Unpin …", onPick: () => setDialog("unpin") }] : []),
          ...(may.redact ? [{ name: "Redact …", onPick: () => setDialog("redact") }] : []),
          ...(may.remove ? [{ name: "Delete …", isDanger: true, onPick: () => setDialog("delete") }] : []),
        ]}
      />
      {dialog === "redact" && <RedactDialog id={run.id} close={() => setDialog(undefined)} />}
      {dialog !== undefined && dialog !== "redact" && (
        <Ask dialog={dialog} run={run} close={() => setDialog(undefined)} />
      )}
    </>
  );
}

interface AskProps {
  dialog: Exclude<Dialog, "redact">;
  run: Execution;
  close(): void;
}

const QUESTIONS = {
  cancel: {
    title: "Cancel this run?",
    action: "Cancel the run",
    words: "Ansible is asked to end, as with Ctrl-C. Changes made by finished tasks are not undone.",
  },
  pin: { title: "Pin this run?", action: "Pin", words: "No retention rule deletes a pinned run." },
  unpin: { title: "Unpin this run?", action: "Unpin", words: "Retention rules apply to it again." },
  delete: {
    title: "Delete this run?",
    action: "Delete",
    words: "Its record, output and results are deleted permanently. The audit trail keeps who deleted it.",
  },
} as const;

function Ask({ dialog, run, close }: AskProps): ReactElement {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { title, action, words } = QUESTIONS[dialog];
  const confirm = async (note: string | undefined) => {
    switch (dialog) {
      case "cancel":
        return await cancelExecution(run.id, note);
      case "pin":
        await pinExecution(run.id, note);
        return await cache.invalidateQueries({ queryKey: keys.record(run.id) });
      case "unpin":
        await unpinExecution(run.id, note);
        return await cache.invalidateQueries({ queryKey: keys.record(run.id) });
      case "delete":
        await deleteExecutions(cache, [run.id], note);
        return await navigate({ to: "/runs" });
    }
  };
  return (
    <ConfirmDialog
      title={title}
      action={action}
      isDanger={dialog === "cancel" || dialog === "delete"}
      hasNote
      confirm={confirm}
      close={close}
    >
      <p>{words}</p>
    </ConfirmDialog>
  );
}
