import type { ReactElement } from "react";
import { LinkButton } from "../parts/LinkButton";
import { useDocumentTitle } from "../parts/PageTitle";
import { Empty } from "../parts/states";

/** The page for an unknown address. */
export function NotFound(): ReactElement {
  useDocumentTitle("Not found");
  return (
    <Empty
      isPage
      title="Nothing is at this address"
      actions={<LinkButton to="/runs">To the runs</LinkButton>}
    >
      The link may be old or wrong. A deleted run cannot be restored.
    </Empty>
  );
}
