import { Title } from "@patternfly/react-core/dist/esm/components/Title";
import { Link } from "@tanstack/react-router";
import type { ReactElement, ReactNode } from "react";
import { integer } from "../../parts/format";
import type { SectionId } from "./headline";

interface Props {
  id: SectionId;
  title: string;
  /** What the numbers of the section mean, or what it leaves out. */
  about?: ReactNode;
  /** Number of entries shown, and in total. */
  shown?: number;
  total?: number;
  children: ReactNode;
}

/** A part of the comparison; a link of the summary leads to it. */
export function Section({ id, title, about, shown, total, children }: Props): ReactElement {
  const heading = `${id}-title`;
  return (
    <section id={id} className="compare-section" aria-labelledby={heading}>
      <Title headingLevel="h2" size="lg" id={heading}>
        {title}
        {total !== undefined && <span className="compare-count"> {integer(total)}</span>}
      </Title>
      {about !== undefined && <p className="pb-subtle">{about}</p>}
      {children}
      {shown !== undefined && total !== undefined && shown < total && <Rest shown={shown} total={total} />}
    </section>
  );
}

/** Says that a list is cut, and how to see the rest. */
function Rest({ shown, total }: { shown: number; total: number }): ReactElement {
  return (
    <p className="pb-subtle">
      {integer(shown)} of {integer(total)} are shown.{" "}
      <Link to="." search={(now) => ({ ...now, all: true })} resetScroll={false}>
        Show more
      </Link>
    </p>
  );
}
