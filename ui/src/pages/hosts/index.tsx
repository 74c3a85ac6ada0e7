import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Hosts(): ReactElement {
  return <PageTitle title="Hosts" />;
}

export { Hosts as component };
