import { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle";
import { Select, SelectList, SelectOption } from "@patternfly/react-core/dist/esm/components/Select";
import { type ReactElement, useState } from "react";

interface Props<Value extends string> {
  /** The label before the choice: "Started". */
  label: string;
  value: Value | undefined;
  options: readonly (readonly [Value, string])[];
  /** Shown if nothing is picked. */
  none?: string;
  onPick(value: Value | undefined): void;
}

/** One of a few values, or none. */
export function Picker<Value extends string>(props: Props<Value>): ReactElement {
  const { label, value, options, none = "any", onPick } = props;
  const [isOpen, setOpen] = useState(false);
  const chosen = options.find(([option]) => option === value)?.[1] ?? none;
  return (
    <Select
      isOpen={isOpen}
      onOpenChange={setOpen}
      selected={value ?? ""}
      onSelect={(_, picked) => {
        onPick(options.find(([option]) => option === picked)?.[0]);
        setOpen(false);
      }}
      toggle={(ref) => (
        <MenuToggle ref={ref} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {label}: {chosen}
        </MenuToggle>
      )}
      popperProps={{ appendTo: "inline" }}
      shouldFocusToggleOnSelect
    >
      <SelectList aria-label={label}>
        <SelectOption value="">{none}</SelectOption>
        {options.map(([option, word]) => (
          <SelectOption key={option} value={option}>
            {word}
          </SelectOption>
        ))}
      </SelectList>
    </Select>
  );
}
