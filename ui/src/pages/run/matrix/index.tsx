import type { ReactElement } from "react";
import { PageTitle } from "../../../parts/PageTitle";

export function Matrix(): ReactElement {
  return <PageTitle title="Matrix" />;
}

export { Matrix as component };
