import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Compare(): ReactElement {
  return <PageTitle title="Compare" />;
}

export { Compare as component };
