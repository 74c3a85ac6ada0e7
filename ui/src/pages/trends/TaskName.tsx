import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { TaskTrend } from "../../api/types";
import { fileName } from "../../parts/format";
import { Name } from "../../parts/Name";

/** A task: its name, its file and line, and a link to its lines in all runs. */
export function TaskName({ task }: { task: TaskTrend }): ReactElement {
  const { name, role, action, path, line, playbook } = task;
  const place = path ? `${path.split("/").slice(-2).join("/")}${line ? `:${line}` : ""}` : "";
  const origin = [role && `role ${role}`, fileName(playbook), place].filter(Boolean).join(", ");
  return (
    <>
      <Link to="/search" search={{ q: `task:${JSON.stringify(name || action)}` }} className="pb-break">
        <Name>{name || action}</Name>
      </Link>
      <div className="pb-subtle pb-small pb-break" title={path}>
        {origin}
      </div>
    </>
  );
}
