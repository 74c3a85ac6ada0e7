import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { type ReactElement, type ReactNode, useState } from "react";
import type { Problem } from "./problem";

interface Props {
  title: string;
  /** The names of the fields inside: if one is wrong, it must be seen. */
  fields: readonly string[];
  problem: Problem | undefined;
  /** Whether it begins unfolded, because something inside is not as usual. */
  isUsed?: boolean;
  children: ReactNode;
}

/** Fields that most people leave as they are. */
export function Folded({ title, fields, problem, isUsed = false, children }: Props): ReactElement {
  const [isExpanded, setExpanded] = useState(isUsed);
  const isWrong = problem?.field !== undefined && fields.includes(problem.field);
  return (
    <ExpandableSection
      toggleText={title}
      isIndented
      isExpanded={isExpanded || isWrong}
      onToggle={(_, expanded) => setExpanded(expanded)}
    >
      <div className="pb-form-folded">{children}</div>
    </ExpandableSection>
  );
}
