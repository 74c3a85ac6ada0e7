import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { ApiError } from "../../../api/error";
import { outputSource, rawOutputAddress } from "../../../api/output";
import { executionQuery } from "../../../api/queries";
import { resultQuery } from "../../../api/run";
import { usePreferences } from "../../../app/preferences";
import { Console } from "../../../console/Console";
import type { Line } from "../../../console/types";
import { useDocumentTitle } from "../../../parts/PageTitle";
import { Empty, Failed, Loading, sentence } from "../../../parts/states";
import { useAddress } from "./useAddress";
import { usePlace } from "./usePlace";
import "./console-page.css";

const route = getRouteApi("/shell/runs/$id/console");

export function ConsolePage(): ReactElement {
  const { id } = route.useParams();
  useDocumentTitle("Console");
  const { data: run, error } = useQuery(executionQuery(id));
  const { zone } = usePreferences();
  const address = useAddress(id);
  const open = useOpenResult(id);
  // A redaction changes lines that were already loaded: they are read again.
  const redactions = run?.redacted?.length ?? 0;
  const source = useMemo(() => outputSource(id, redactions), [id, redactions]);
  const { place, onPlace } = usePlace();
  if (run === undefined) {
    return error ? <Failed error={error} what="the output" /> : <Loading what="the output" />;
  }
  return (
    <>
      <h2 className="pf-v6-screen-reader">Console</h2>
      <div className="pb-console-page">
        <Console
          key={id}
          {...address}
          source={source}
          place={place}
          onPlace={onPlace}
          live={run.status === "running"}
          failed={run.status === "failed"}
          start={Date.parse(run.start_time)}
          zone={zone === "utc" ? "UTC" : undefined}
          rawHref={rawOutputAddress(id)}
          downloadName={`${(run.playbook ?? run.module ?? "run").split("/").at(-1)}-${id.slice(-8)}.txt`}
          empty={(reason) => <NoOutput reason={reason} stream={address.only} />}
          onOpen={open}
        />
      </div>
    </>
  );
}

export { ConsolePage as component };

/** Leads from a line to the result that it shows; the line of a heading leads to the tasks. */
function useOpenResult(id: string): (line: Line) => void {
  const cache = useQueryClient();
  const navigate = useNavigate();
  return (line) => {
    const open = async () => {
      try {
        const result = await cache.fetchQuery(resultQuery(id, line.of ?? 0));
        const params = { id, task: String(result.task), host: result.host };
        await navigate({ to: "/runs/$id/results/$task/$host", params });
      } catch (error) {
        if (error instanceof ApiError) {
          await navigate({ to: "/runs/$id/tasks", params: { id } });
        }
      }
    };
    void open();
  };
}

function NoOutput({
  reason,
  stream,
}: {
  reason: string | undefined;
  stream: string | undefined;
}): ReactElement {
  if (reason !== undefined) {
    return <Empty title="The output was deleted">{sentence(reason)}</Empty>;
  }
  if (stream !== undefined) {
    return <Empty title={`Nothing was printed to ${stream}`}>The other stream may have lines.</Empty>;
  }
  return (
    <Empty title="No output was recorded">
      The run printed nothing, or it ran where the recorder does not see the output: under ansible-runner and
      AWX, and with Ansible before 2.14. Run it with <code>playback exec</code> to record that too.
    </Empty>
  );
}
