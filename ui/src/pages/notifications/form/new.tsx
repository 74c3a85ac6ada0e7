import { type ReactElement, useMemo } from "react";
import { useScopes } from "../../../app/session";
import { LinkButton } from "../../../parts/LinkButton";
import { PageTitle } from "../../../parts/PageTitle";
import { Loading } from "../../../parts/states";
import { NoScope } from "../NoScope";
import { newTarget } from "./form";
import { TargetFields } from "./TargetFields";
import "../notifications.css";

/** Makes a target. */
export function NewTarget(): ReactElement {
  const { can, identity } = useScopes();
  const start = useMemo(newTarget, []);
  return (
    <>
      <PageTitle
        title="New target"
        details="A chat, mail address or webhook that is notified of runs. Its page has a button that sends an example."
      />
      {identity === undefined ? (
        <Loading />
      ) : can("admin") ? (
        <TargetFields
          start={start}
          isNew
          cancel={
            <LinkButton to="/notifications" variant="link">
              Cancel
            </LinkButton>
          }
        />
      ) : (
        <NoScope />
      )}
    </>
  );
}

export { NewTarget as component };
