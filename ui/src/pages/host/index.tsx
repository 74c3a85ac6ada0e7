import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Host(): ReactElement {
  return <PageTitle title="Host" />;
}

export { Host as component };
