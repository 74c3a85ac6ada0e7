import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { targetQuery } from "../../../api/notifications";
import type { NotificationTarget } from "../../../api/types";
import { useScopes } from "../../../app/session";
import { failureOf } from "../../../parts/failure";
import { Name } from "../../../parts/Name";
import { PageTitle } from "../../../parts/PageTitle";
import { Failed, Loading, sentence } from "../../../parts/states";
import { Time } from "../../../parts/Time";
import { NoScope } from "../NoScope";
import { TargetState } from "../StateLabel";
import { kindName } from "../words";
import { Actions } from "./Actions";
import { Log } from "./Log";
import { NewSecret } from "./NewSecret";
import { Settings } from "./Settings";
import { Test } from "./Test";
import "../../../parts/lists.css";
import "../notifications.css";

const route = getRouteApi("/shell/notifications/$name");

/** One target: its settings, whether messages arrive, and the log of its messages. */
export function Target(): ReactElement {
  const { name } = route.useParams();
  const { can, identity } = useScopes();
  const target = useQuery({ ...targetQuery(name), enabled: can("admin") });
  if (identity !== undefined && !can("admin")) {
    return (
      <>
        <PageTitle title={name} />
        <NoScope />
      </>
    );
  }
  const failure = failureOf(target);
  if (failure !== undefined) {
    return <Failed error={failure} what="this target" retry={() => void target.refetch()} isPage />;
  }
  return target.data === undefined ? (
    <Loading what="the target" />
  ) : (
    <Loaded key={name} target={target.data} />
  );
}

function Loaded({ target }: { target: NotificationTarget }): ReactElement {
  const { name, settings, state, from_file, address } = target;
  return (
    <>
      <PageTitle
        title={name}
        tab={`${name} · Notifications`}
        actions={<Actions target={target} />}
        details={
          <>
            {kindName(settings.kind)}, <Name>{address}</Name>
            {from_file && ". The configuration file defines it; it is changed there."}
          </>
        }
      >
        <TargetState state={state} />
      </PageTitle>
      <div className="notifications-target">
        <NewSecret name={name} />
        <TargetProblem target={target} />
        <Settings target={target} />
        <Test name={name} />
        <Log name={name} />
      </div>
    </>
  );
}

/** Why it is not notified, and what to do. */
function TargetProblem({ target }: { target: NotificationTarget }): ReactElement | null {
  const { state, off_reason, off_since, failing_since, from_file, secrets } = target;
  if (secrets === null || secrets === undefined) {
    return (
      <Alert
        isInline
        variant="danger"
        component="p"
        title="Its secrets cannot be read: they were encrypted with another key"
      >
        Add that key to <code>notifications.previous_keys</code> in the configuration, or edit the target and
        type them again.
      </Alert>
    );
  }
  if (state === "off") {
    return (
      <Alert isInline variant="danger" component="p" title="It was switched off: nothing is sent to it">
        {off_reason && <Name>{sentence(off_reason)}</Name>}{" "}
        {off_since && (
          <>
            That was <Time at={off_since} as="ago" />.{" "}
          </>
        )}
        {from_file
          ? "Restart the collector when it accepts messages again."
          : "Send it an example; when that arrives, switch it on again."}
      </Alert>
    );
  }
  if (state === "failing" && failing_since) {
    return (
      <Alert isInline variant="warning" component="p" title="Messages do not arrive at the moment">
        Every attempt has failed since <Time at={failing_since} />. Messages are tried again; the log below
        shows the answers.
      </Alert>
    );
  }
  return null;
}

export { Target as component };
