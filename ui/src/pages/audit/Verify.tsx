import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useMutation } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { api, read } from "../../api/client";
import { messageOf } from "../../api/error";
import type { AuditVerdict } from "../../api/types";
import { integer } from "../../parts/format";
import { sentence } from "../../parts/states";
import { faultWords, verdictWords } from "./words";

/** Faults that are named; a trail that was rewritten has very many. */
const NAMED = 10;

/** Checks the whole trail, and shows the result. */
export function Verify(): ReactElement {
  const verify = useMutation({ mutationFn: () => read(api.GET("/api/v1/ansible/audit/verify")) });
  return (
    <div className="audit-verify">
      <Button
        variant="secondary"
        onClick={() => verify.mutate()}
        isLoading={verify.isPending}
        isDisabled={verify.isPending}
      >
        Verify the trail
      </Button>
      <div role="status">
        {verify.isError && (
          <Alert isInline component="p" variant="danger" title={sentence(messageOf(verify.error))} />
        )}
        {verify.isSuccess && <Verdict verdict={verify.data} />}
      </div>
    </div>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }): ReactElement {
  const { is_whole, head, faults, removed } = verdict;
  return (
    <Alert
      isInline
      component="p"
      variant={is_whole ? "success" : "danger"}
      title={sentence(verdictWords(verdict))}
    >
      {faults.length > 0 && (
        <ul>
          {faults.slice(0, NAMED).map((fault) => (
            <li key={`${fault.fault} ${fault.first}`}>{faultWords(fault)}.</li>
          ))}
        </ul>
      )}
      {faults.length > NAMED && <p>And {faults.length - NAMED} more.</p>}
      {removed && (
        <p>
          The trail begins after entry {integer(removed.number)}: older ones were removed, as{" "}
          <code>audit_keep_days</code> in the configuration says.
        </p>
      )}
      {is_whole && head && (
        <p className="pb-break">
          The end of the trail is{" "}
          <code>
            {head.number}:{head.hash}
          </code>
          . Keep it where no one who can write to the database can change it:{" "}
          <code>playback audit verify --head</code> then shows whether the trail up to it was rewritten.
        </p>
      )}
    </Alert>
  );
}
