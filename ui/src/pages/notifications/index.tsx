import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { targetsQuery } from "../../api/notifications";
import { useScopes } from "../../app/session";
import { failureOf } from "../../parts/failure";
import { LinkButton } from "../../parts/LinkButton";
import { PageTitle } from "../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../parts/states";
import { NoKey } from "./NoKey";
import { NoScope } from "./NoScope";
import { TargetTable } from "./TargetTable";
import "../../parts/lists.css";
import "./notifications.css";

/** The notification targets, and whether messages arrive. */
export function Notifications(): ReactElement {
  const { can, identity } = useScopes();
  return (
    <>
      <PageTitle
        title="Notifications"
        details="Targets that are notified when a playbook breaks, recovers or does not run: chats, mail, webhooks."
        actions={
          can("admin") && (
            <LinkButton to="/notifications/-/new" variant="primary">
              New target
            </LinkButton>
          )
        }
      />
      {identity === undefined ? <Loading /> : can("admin") ? <Targets /> : <NoScope />}
    </>
  );
}

function Targets(): ReactElement {
  const targets = useQuery(targetsQuery);
  const failure = failureOf(targets);
  if (failure !== undefined) {
    return <Failed error={failure} what="the targets" retry={() => void targets.refetch()} />;
  }
  if (targets.data === undefined) {
    return <Loading what="the targets" />;
  }
  const { targets: all } = targets.data;
  return (
    <>
      <NoKey />
      {all.length === 0 ? <NoTargets /> : <TargetTable targets={all} />}
    </>
  );
}

function NoTargets(): ReactElement {
  return (
    <Empty
      title="There are no targets yet"
      actions={
        <LinkButton to="/notifications/-/new" variant="secondary">
          Notify a chat, a mail address or a webhook
        </LinkButton>
      }
    >
      <p>
        A target is notified when a playbook breaks, when it recovers, and when it did not run although it ran
        regularly: not each time that it fails.
      </p>
    </Empty>
  );
}

export { Notifications as component };
