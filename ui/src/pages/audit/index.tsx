import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Audit(): ReactElement {
  return <PageTitle title="Audit" />;
}

export { Audit as component };
