import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Launch(): ReactElement {
  return <PageTitle title="Launch" />;
}

export { Launch as component };
