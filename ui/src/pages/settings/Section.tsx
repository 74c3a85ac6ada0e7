import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { type ReactElement, type ReactNode, useId } from "react";

interface Props {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}

/** A part of the page with a heading. */
export function Section({ title, about, children }: Props): ReactElement {
  const id = useId();
  return (
    <section aria-labelledby={id} className="settings-section">
      <Title headingLevel="h2" size="lg" id={id}>
        {title}
      </Title>
      {about !== undefined && <p className="pb-subtle pb-small">{about}</p>}
      {children}
    </section>
  );
}
