import { Alert } from "@patternfly/react-core/dist/esm/components/Alert";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ReactElement, useMemo } from "react";
import { targetQuery } from "../../../api/notifications";
import type { NotificationTarget } from "../../../api/types";
import { useScopes } from "../../../app/session";
import { LinkButton } from "../../../parts/LinkButton";
import { PageTitle } from "../../../parts/PageTitle";
import { Empty, Failed, Loading } from "../../../parts/states";
import { NoScope } from "../NoScope";
import { formOf } from "./form";
import { TargetFields } from "./TargetFields";
import "../notifications.css";

const route = getRouteApi("/shell/notifications/$name/edit");

/** Changes a target. */
export function EditTarget(): ReactElement {
  const { name } = route.useParams();
  const { can, identity } = useScopes();
  return (
    <>
      <PageTitle title={`Edit ${name}`} />
      {identity === undefined ? <Loading /> : can("admin") ? <Edit name={name} /> : <NoScope />}
    </>
  );
}

function Edit({ name }: { name: string }): ReactElement {
  // Read once, so that typed content is not overwritten.
  const target = useQuery({ ...targetQuery(name), refetchInterval: false });
  if (target.data === undefined) {
    return target.error === null ? (
      <Loading what="the target" />
    ) : (
      <Failed error={target.error} what="the target" retry={() => void target.refetch()} />
    );
  }
  return target.data.from_file ? (
    <Empty title="The configuration file defines this target">
      It is changed there, below <code>notifications.targets</code>.
    </Empty>
  ) : (
    <Loaded key={name} target={target.data} />
  );
}

function Loaded({ target }: { target: NotificationTarget }): ReactElement {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form begins with what was read first
  const start = useMemo(() => formOf(target), []);
  return (
    <>
      {target.secrets === null || target.secrets === undefined ? (
        <Alert
          isInline
          variant="warning"
          component="p"
          title="Its secrets cannot be read: they were encrypted with another key. Type them again."
        />
      ) : null}
      <TargetFields
        start={start}
        stored={target.secrets ?? []}
        cancel={
          <LinkButton to="/notifications/$name" params={{ name: target.name }} variant="link">
            Cancel
          </LinkButton>
        }
      />
    </>
  );
}

export { EditTarget as component };
