import type { ReactElement } from "react";
import { PageTitle } from "../../../parts/PageTitle";

export function Timeline(): ReactElement {
  return <PageTitle title="Timeline" />;
}

export { Timeline as component };
