import type { ReactElement } from "react";
import { PageTitle } from "../../../parts/PageTitle";

export function Result(): ReactElement {
  return <PageTitle title="Result" />;
}

export { Result as component };
