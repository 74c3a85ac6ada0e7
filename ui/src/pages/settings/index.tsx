import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Settings(): ReactElement {
  return <PageTitle title="Settings" />;
}

export { Settings as component };
