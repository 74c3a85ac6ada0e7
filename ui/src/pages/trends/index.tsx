import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Trends(): ReactElement {
  return <PageTitle title="Trends" />;
}

export { Trends as component };
