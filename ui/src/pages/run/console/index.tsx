import type { ReactElement } from "react";
import { PageTitle } from "../../../parts/PageTitle";

export function Console(): ReactElement {
  return <PageTitle title="Console" />;
}

export { Console as component };
