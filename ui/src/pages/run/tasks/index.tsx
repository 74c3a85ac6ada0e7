import type { ReactElement } from "react";
import { PageTitle } from "../../../parts/PageTitle";

export function Tasks(): ReactElement {
  return <PageTitle title="Tasks" />;
}

export { Tasks as component };
