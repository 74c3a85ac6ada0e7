import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import AngleDownIcon from "@patternfly/react-icons/dist/esm/icons/angle-down-icon";
import AngleUpIcon from "@patternfly/react-icons/dist/esm/icons/angle-up-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import type { KeyboardEvent, ReactElement, Ref } from "react";
import { useFieldText } from "../parts/useTyped";
import type { Query } from "./types";
import type { Finding } from "./useFind";

interface FindBarProps {
  query: Query;
  finding: Finding;
  field: Ref<HTMLInputElement>;
  onQuery: (query: Query) => void;
  onClose: () => void;
}

/** The search of the console: count, next and previous, regular expressions, upper and lower case. */
export function FindBar({ query, finding, field, onQuery, onClose }: FindBarProps): ReactElement {
  const { typed, setTyped, noteAsked } = useFieldText(query.text);
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      finding.go(!event.shiftKey);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      onClose();
    }
  };
  const none = finding.found === undefined || finding.found.hits.length === 0;
  return (
    <search className="pbc-bar" onKeyDown={press}>
      <div className="pbc-find-field">
        <TextInput
          ref={field}
          type="search"
          aria-label="Search the output"
          placeholder="Search the output"
          value={typed}
          validated={finding.error === undefined ? "default" : "error"}
          onChange={(_, text) => {
            setTyped(text);
            noteAsked(text);
            onQuery({ ...query, text });
          }}
        />
      </div>
      <div className="pbc-group">
        <Button
          variant="plain"
          isClicked={query.caseSensitive}
          aria-pressed={query.caseSensitive}
          aria-label="Match upper and lower case"
          title="Match upper and lower case"
          onClick={() => onQuery({ ...query, text: typed, caseSensitive: !query.caseSensitive })}
        >
          Aa
        </Button>
        <Button
          variant="plain"
          isClicked={query.regex}
          aria-pressed={query.regex}
          aria-label="Regular expression"
          title="Regular expression"
          onClick={() => onQuery({ ...query, text: typed, regex: !query.regex })}
        >
          .*
        </Button>
        <Button
          variant="plain"
          icon={<AngleUpIcon />}
          aria-label="Previous match"
          title="Previous match (Shift+Enter)"
          isDisabled={none}
          onClick={() => finding.go(false)}
        />
        <Button
          variant="plain"
          icon={<AngleDownIcon />}
          aria-label="Next match"
          title="Next match (Enter)"
          isDisabled={none}
          onClick={() => finding.go(true)}
        />
      </div>
      <output className={finding.error === undefined ? "pbc-note" : "pbc-note pbc-problem"}>
        {finding.error ?? summary(query, finding)}
      </output>
      <span className="pbc-space" />
      <Button
        variant="plain"
        icon={<TimesIcon />}
        aria-label="Close the search"
        title="Close the search (Escape)"
        onClick={onClose}
      />
    </search>
  );
}

function summary(query: Query, { found, at, busy }: Finding): string {
  if (query.text === "") {
    return "Press Ctrl+F again for the browser's search";
  }
  if (found === undefined) {
    return busy ? "Searching …" : "";
  }
  const { hits, total, where } = found;
  if (hits.length === 0) {
    return where === "loaded" ? "Not in the lines loaded so far" : "Not found";
  }
  const shown = total > hits.length ? ` (the first ${hits.length.toLocaleString("en")} of them here)` : "";
  const limit = where === "loaded" ? ", in the lines loaded so far" : "";
  return `${(at + 1).toLocaleString("en")} of ${total.toLocaleString("en")} ${total === 1 ? "line" : "lines"}${shown}${limit}`;
}
