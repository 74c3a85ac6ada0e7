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

/** How the pages look in this browser, who is logged in, tokens, and what is kept. */
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
