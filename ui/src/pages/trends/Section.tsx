import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { type ReactElement, type ReactNode, useId } from "react";

interface Props {
  title: string;
  /** What the figures mean, in a sentence. */
  about?: ReactNode;
  children: ReactNode;
  /** Whether it is as wide as the page. */
  isWide?: boolean;
}

/** A part of the page with a heading. */
export function Section({ title, about, children, isWide = true }: Props): ReactElement {
  const id = useId();
  return (
    <section aria-labelledby={id} className={isWide ? "trends-section trends-is-wide" : "trends-section"}>
      <Title headingLevel="h2" size="lg" id={id}>
        {title}
      </Title>
      {about !== undefined && <p className="pb-subtle pb-small">{about}</p>}
      {children}
    </section>
  );
}
