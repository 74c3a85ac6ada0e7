import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { ActionGroup, Form } from "@patternfly/react-core/dist/esm/components/Form";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactElement, useState } from "react";
import { api, read } from "../../api/client";
import { messageOf } from "../../api/error";
import { keys } from "../../api/queries";
import type { CleanupAnswer, CleanupRequest } from "../../api/types";
import { AuditKept } from "../../parts/AuditKept";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { sentence } from "../../parts/states";
import { Answer } from "./Answer";
import { answerWords, type CleanupForm, cleanupRequest, EMPTY, hasLimit } from "./cleanup";
import { Limits } from "./Limits";
import { Section } from "./Section";

function cleanUp(body: CleanupRequest): Promise<CleanupAnswer> {
  return read(api.POST("/api/v1/ansible/executions/cleanup", { body }));
}

/** The end of the audit trail, which also says how long its entries are kept. */
const trailQuery = queryOptions({
  queryKey: ["audit", { limit: 1 }],
  queryFn: ({ signal }) =>
    read(api.GET("/api/v1/ansible/audit", { params: { query: { limit: 1 } }, signal })),
});

/** Deletes old runs: first shows what would be deleted, and deletes by exactly those limits after a confirmation. */
export function Retention(): ReactElement {
  const [form, setForm] = useState(EMPTY);
  const [isAsking, setAsking] = useState(false);
  const cache = useQueryClient();
  const request = cleanupRequest(form);
  const look = useMutation({ mutationFn: () => cleanUp({ ...request, dry_run: true }) });
  const [deleted, setDeleted] = useState<CleanupAnswer>();
  const change = (changes: Partial<CleanupForm>) => {
    setForm((now) => ({ ...now, ...changes }));
    // The displayed result no longer matches these limits.
    look.reset();
    setDeleted(undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setDeleted(undefined);
    look.mutate();
  };
  const trail = useQuery(trailQuery);
  const found = look.data;
  const goes = found !== undefined && found.deleted + found.payloads_removed > 0;
  return (
    <Section
      title="Retention"
      about="Which runs are kept. Pinned runs and those that are running or waiting are never deleted."
    >
      {trail.isSuccess && <AuditKept days={trail.data.keep_days} />}
      <Form onSubmit={submit} className="settings-form">
        <Limits form={form} change={change} />
        <ActionGroup>
          <Button
            type="submit"
            variant="secondary"
            isLoading={look.isPending}
            isDisabled={look.isPending || !hasLimit(form)}
          >
            Show what would be deleted
          </Button>
          {goes && deleted === undefined && (
            <Button variant="danger" onClick={() => setAsking(true)}>
              Delete …
            </Button>
          )}
        </ActionGroup>
      </Form>
      <div role="status">
        {look.isError && (
          <Alert isInline component="p" variant="danger" title={sentence(messageOf(look.error))} />
        )}
        {deleted !== undefined && <Answer answer={deleted} />}
        {deleted === undefined && found !== undefined && <Answer answer={found} />}
      </div>
      {isAsking && found !== undefined && (
        <ConfirmDialog
          title="Delete these runs?"
          action="Delete"
          isDanger
          close={() => setAsking(false)}
          confirm={async () => {
            setDeleted(await cleanUp(request));
            await cache.invalidateQueries({ queryKey: keys.lists });
          }}
        >
          <p>{sentence(answerWords(found))} This cannot be undone.</p>
        </ConfirmDialog>
      )}
    </Section>
  );
}
