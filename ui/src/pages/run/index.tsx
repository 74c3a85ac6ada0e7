import { Outlet } from "@tanstack/react-router";
import type { ReactElement } from "react";

export function Run(): ReactElement {
  return <Outlet />;
}

export { Run as component };
