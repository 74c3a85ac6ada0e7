import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { type ReactElement, type ReactNode, useId } from "react";
import "./parts.css";

interface Props {
  title: string;
  /** A sentence about its content. */
  about?: ReactNode;
  /** At the other end of the heading's row: buttons. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A part of a page with a heading. */
export function PageSection({ title, about, actions, children }: Props): ReactElement {
  const id = useId();
  return (
    <section aria-labelledby={id} className="pb-section">
      <div className="pb-title-row">
        <Title headingLevel="h2" size="lg" id={id}>
          {title}
        </Title>
        {actions !== undefined && <div className="pb-title-actions">{actions}</div>}
      </div>
      {about !== undefined && <p className="pb-subtle pb-small">{about}</p>}
      {children}
    </section>
  );
}
