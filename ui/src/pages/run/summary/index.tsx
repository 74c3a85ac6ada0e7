import type { ReactElement } from "react";
import { PageTitle } from "../../../parts/PageTitle";

export function Summary(): ReactElement {
  return <PageTitle title="Summary" />;
}

export { Summary as component };
