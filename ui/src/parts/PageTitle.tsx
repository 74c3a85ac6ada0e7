import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { type ReactElement, type ReactNode, useEffect } from "react";
import { Name } from "./Name";
import "./parts.css";

interface Props {
  /** In the heading, and in the browser's tab unless `tab` says otherwise. */
  title: string;
  /** Words for the browser's tab. */
  tab?: string;
  /** Beside the heading: labels. */
  children?: ReactNode;
  /** At the other end of the row: buttons. */
  actions?: ReactNode;
  /** Below the heading, in small letters. */
  details?: ReactNode;
}

/** The heading of a page; each page has exactly one. */
export function PageTitle({ title, tab = title, children, actions, details }: Props): ReactElement {
  useDocumentTitle(tab);
  return (
    <header className="pb-title">
      <div className="pb-title-row">
        <Title headingLevel="h1" size="2xl" className="pb-title-text">
          <Name>{title}</Name>
        </Title>
        {children}
        {actions !== undefined && <div className="pb-title-actions">{actions}</div>}
      </div>
      {details !== undefined && <div className="pb-title-details">{details}</div>}
    </header>
  );
}

/** The title in the browser's tab, its history and its bookmarks. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Playback`;
  }, [title]);
}
