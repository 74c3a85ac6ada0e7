import { Dropdown, DropdownItem, DropdownList } from "@patternfly/react-core/dist/esm/components/Dropdown";
import { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactElement, useState } from "react";
import { messageOf } from "../api/error";
import { Name } from "../parts/Name";
import { logOut, useScopes } from "./session";

/** Who is logged in, their permissions, and the logout. */
export function UserMenu(): ReactElement | null {
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<string>();
  const { identity } = useScopes();
  const cache = useQueryClient();
  const navigate = useNavigate();
  if (identity === undefined) {
    return null;
  }
  // A collector that serves without tokens knows no users, and there is nothing to log out of.
  if (identity.name === null || identity.name === undefined) {
    return <span className="app-nobody">No login needed</span>;
  }
  const leave = async () => {
    try {
      await logOut();
    } catch (error) {
      setProblem(messageOf(error));
      return;
    }
    cache.clear();
    await navigate({ to: "/login" });
  };
  return (
    <>
      <span role="alert" className="app-nobody">
        {problem !== undefined && `Not logged out: ${problem}`}
      </span>
      <Dropdown
        isOpen={isOpen}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        popperProps={{ position: "right", appendTo: "inline" }}
        toggle={(ref) => (
          <MenuToggle ref={ref} variant="plainText" isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <Name>{identity.name}</Name>
          </MenuToggle>
        )}
      >
        <DropdownList>
          <DropdownItem isDisabled description={identity.scopes.join(", ")}>
            Scopes of this token
          </DropdownItem>
          <DropdownItem onClick={() => void leave()}>Log out</DropdownItem>
        </DropdownList>
      </Dropdown>
    </>
  );
}
