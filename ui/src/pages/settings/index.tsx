import type { ReactElement } from "react";
import { useScopes } from "../../app/session";
import { PageTitle } from "../../parts/PageTitle";
import { Appearance } from "./Appearance";
import { Retention } from "./Retention";
import { TokenCommands } from "./TokenCommands";
import { Tokens } from "./Tokens";
import { Who } from "./Who";
import "../../parts/lists.css";
import "./settings.css";

/** The appearance of the pages in this browser, who is logged in, tokens, and retention. */
export function Settings(): ReactElement {
  const { can } = useScopes();
  return (
    <>
      <PageTitle title="Settings" />
      <div className="settings">
        <Appearance />
        <Who />
        {can("admin") ? <Tokens /> : <TokenCommands />}
        {can("admin") && <Retention />}
      </div>
    </>
  );
}

export { Settings as component };
