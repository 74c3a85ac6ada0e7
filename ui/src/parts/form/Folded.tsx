import { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection";
import { type ReactElement, type ReactNode, useState } from "react";
import type { Problem } from "./problem";

interface Props {
  title: string;
  /** The names of the fields inside: an invalid one must be visible. */
  fields: readonly string[];
  problem: Problem | undefined;
  /** Whether it begins unfolded, because a field inside differs from its default. */
  isUsed?: boolean;
  children: ReactNode;
}

/** Fields that most users do not change. */
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
