import type { ReactElement } from "react";
import { PageTitle } from "../../parts/PageTitle";

export function Search(): ReactElement {
  return <PageTitle title="Search" />;
}

export { Search as component };
