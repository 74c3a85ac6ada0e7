import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Runs(): ReactElement {
  return <PageTitle title="Runs" />;
}

export { Runs as component };
