import type { ReactElement, ReactNode } from "react";
import "./lists.css";

interface Props {
  /** Whether this is still the answer to the question before. */
  isOld: boolean;
  className?: string;
  children: ReactNode;
}

/** What a question found. When the question changes, the last answer stays until the next one is there, in grey. */
export function Answer({ isOld, className, children }: Props): ReactElement {
  const classes = [className, isOld && "pb-old"].filter(Boolean).join(" ");
  return (
    <div className={classes || undefined} aria-busy={isOld}>
      {children}
    </div>
  );
}
