import { SearchInput } from "@patternfly/react-core/dist/esm/components/SearchInput";
import type { ReactElement } from "react";
import { useTyped } from "./useTyped";

interface Props {
  /** The current value, from the address. */
  value: string | undefined;
  /** Called after a pause in typing; an empty text removes the filter. */
  apply(value: string): void;
  label: string;
  placeholder?: string;
}

/** A field that filters a list during typing. */
export function TextFilter({ value = "", apply, label, placeholder = label }: Props): ReactElement {
  const { typed, setTyped, applyNow } = useTyped(value, apply);
  return (
    <SearchInput
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(_, text) => setTyped(text)}
      onSearch={(_, text) => applyNow(text)}
      onClear={() => {
        setTyped("");
        applyNow("");
      }}
    />
  );
}
