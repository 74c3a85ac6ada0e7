import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { ApiError } from "../../api/error";
import { type Files, useFiles } from "../../api/launch";
import { executionQuery } from "../../api/queries";
import type { Execution } from "../../api/types";
import { useScopes } from "../../app/session";
import { ExecutionLink } from "../../parts/ExecutionLink";
import { PageTitle } from "../../parts/PageTitle";
import { emptyForm } from "../../parts/runForm/form";
import { NotConfigured } from "../../parts/runForm/NotConfigured";
import { runName } from "../../parts/runs";
import { Failed, Loading } from "../../parts/states";
import { Time } from "../../parts/Time";
import { LaunchForm } from "./LaunchForm";
import { NoScope } from "./NoScope";
import { failedHosts, isRepeatable, prefilled } from "./prefill";

const route = getRouteApi("/shell/launch");

/** Launches a playbook or a module, or repeats a run with changes. */
export function Launch(): ReactElement {
  const { replay } = route.useSearch();
  const { can, identity } = useScopes();
  return (
    <>
      <PageTitle title={replay === undefined ? "Launch" : "Replay"} />
      {identity === undefined ? <Loading /> : can("run") ? <Choices /> : <NoScope />}
    </>
  );
}

function Choices(): ReactElement {
  const { replay } = route.useSearch();
  const { files, error, retry } = useFiles();
  if (files === undefined) {
    if (error instanceof ApiError && error.code === "disabled") {
      return <NotConfigured message={error.message} />;
    }
    return error === null ? (
      <Loading what="the playbooks" />
    ) : (
      <Failed error={error} what="what can be launched" retry={retry} />
    );
  }
  return replay === undefined ? <NewRun {...files} /> : <Repeat key={replay} id={replay} {...files} />;
}

function NewRun(files: Files): ReactElement {
  const search = route.useSearch();
  const start = useMemo(() => emptyForm(search), [search]);
  return <LaunchForm start={start} repeated={undefined} failed={undefined} {...files} />;
}

function Repeat({ id, ...files }: Files & { id: string }): ReactElement {
  const run = useQuery(executionQuery(id));
  // The typed content stays, whatever happens to the run or the collector meanwhile.
  if (run.data !== undefined) {
    return <Prefilled run={run.data} {...files} />;
  }
  return run.error === null ? (
    <Loading what="the run to repeat" />
  ) : (
    <Failed error={run.error} what="the run to repeat" retry={() => void run.refetch()} />
  );
}

function Prefilled({ run, playbooks, inventories }: Files & { run: Execution }): ReactElement {
  const { failed: onlyFailed = false } = route.useSearch();
  const isOurs = isRepeatable(run);
  const failed = failedHosts(run);
  const start = useMemo(
    () => prefilled(run, onlyFailed, playbooks, inventories),
    [run, onlyFailed, playbooks, inventories],
  );
  const names = run.extra_var_names ?? [];
  return (
    <>
      <Alert
        isInline
        variant="info"
        component="p"
        className="pb-form-origin"
        title={
          <>
            {isOurs ? "Repeats" : "Filled in from the record of"}{" "}
            <ExecutionLink id={run.id}>{runName(run)}</ExecutionLink> of <Time at={run.start_time} />
          </>
        }
      >
        {isOurs
          ? "Change what should be different. Secrets are not stored: they must be typed again."
          : "Playback did not launch that run, so this is a new one: check that nothing is missing. Options that are not recorded, such as become, are not set."}
        {names.length > 0 &&
          ` It had the extra variables ${names.join(", ")}; their values are not recorded.`}
      </Alert>
      <LaunchForm
        start={start}
        repeated={isOurs ? run.id : undefined}
        failed={isOurs ? failed : []}
        playbooks={playbooks}
        inventories={inventories}
      />
    </>
  );
}

export { Launch as component };
