import { Dropdown, DropdownItem, DropdownList } from "@patternfly/react-core/dist/esm/components/Dropdown";
import { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle";
import EllipsisVIcon from "@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon";
import { type ReactElement, useState } from "react";

export interface MenuAction {
  name: string;
  description?: string;
  isDanger?: boolean;
  /** A file to load, whose address this is. */
  download?: string;
  onPick?: () => void;
}

interface Props {
  /** The button's text; with `isKebab`, its label. */
  label: string;
  actions: readonly MenuAction[];
  /** Three dots instead of the words. */
  isKebab?: boolean;
  isDisabled?: boolean;
}

/** A button that opens a menu of actions and downloads. */
export function MenuButton({
  label,
  actions,
  isKebab = false,
  isDisabled = false,
}: Props): ReactElement | null {
  const [isOpen, setOpen] = useState(false);
  if (actions.length === 0) {
    return null;
  }
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: "right", appendTo: "inline" }}
      shouldFocusToggleOnSelect
      toggle={(ref) => (
        <MenuToggle
          ref={ref}
          variant={isKebab ? "plain" : "secondary"}
          {...(isKebab && { "aria-label": label, icon: <EllipsisVIcon /> })}
          isExpanded={isOpen}
          isDisabled={isDisabled}
          onClick={() => setOpen(!isOpen)}
        >
          {isKebab ? undefined : label}
        </MenuToggle>
      )}
    >
      <DropdownList>
        {actions.map(({ name, description, isDanger = false, download, onPick }) => (
          <DropdownItem
            key={name}
            isDanger={isDanger}
            {...(description !== undefined && { description })}
            {...(download !== undefined && { to: download, download: "" })}
            {...(onPick !== undefined && { onClick: onPick })}
          >
            {name}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
