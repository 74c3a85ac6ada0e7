import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import type { FailedTask } from "../../../api/types";
import { Name } from "../../../parts/Name";

interface Props {
  id: string;
  task: FailedTask;
}

/** A task's name with its role, and its file and line. */
export function TaskPlace({ id, task }: Props): ReactElement {
  const { name, role, action, path, line } = task;
  return (
    <span className="summary-task">
      <Link to="/runs/$id/tasks" params={{ id }} search={{ task: task.task }}>
        <Name>{role ? `${role} : ${name || action}` : name || action}</Name>
      </Link>
      {path && (
        <span className="pb-code pb-subtle summary-path" title={path}>
          {shortPath(path)}
          {line ? `:${line}` : ""}
        </span>
      )}
    </span>
  );
}

/** The end of a path: "roles/nginx/tasks/main.yml" of "/srv/shop/roles/nginx/tasks/main.yml". */
export function shortPath(path: string): string {
  const parts = path.split("/");
  const roles = parts.lastIndexOf("roles");
  return roles >= 0 ? parts.slice(roles).join("/") : parts.slice(-2).join("/").replace(/^\//, "");
}
