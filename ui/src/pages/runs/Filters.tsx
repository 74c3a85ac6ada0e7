import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Label, LabelGroup } from "@patternfly/react-core/dist/esm/components/Label";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import type { ReactElement, ReactNode } from "react";
import { Name } from "../../parts/Name";
import { Picker } from "../../parts/Picker";
import { QueryExamples } from "../../parts/query/Examples";
import { LIST_FIELDS } from "../../parts/query/fields";
import { QueryField } from "../../parts/query/QueryField";
import { AddFilter } from "./AddFilter";
import { chips, SINCE_WORDS } from "./filters";
import { REASONS, type RunsSearch } from "./search";

interface Props {
  search: RunsSearch;
  /** Changes a filter: begins at the first page of the list. */
  change(changes: { [name in keyof RunsSearch]?: RunsSearch[name] | undefined }): void;
  error: string | undefined;
  /** Buttons at the end of the first row. */
  children: ReactNode;
}

const STATUS_WORDS = [
  [undefined, "All"],
  ["running", "Running"],
  ["failed", "Failed"],
  ["success", "Success"],
] as const;

const EXAMPLES = [
  ["nginx", "what is recorded at the start has this text: playbook, note, user, command line …"],
  ["status:failed since:7d", "failed, and started in the last 7 days"],
  ["host:web-* changed:yes", "changed at least one of these hosts"],
  ["status:failed OR (host:web-* NOT user:deploy)", "alternatives, brackets and exceptions"],
  ["playbook:web/site.yml label:release,hotfix", "the end of a path; one of two labels"],
  ["min_duration:5m", "took at least five minutes"],
  ['task:"Install nginx" refused', "with task:, module:, in: or /regex/: it printed or returned such a line"],
] as const;

/** The query, the filters, and a chip for each filter that applies. */
export function Filters({ search, change, error, children }: Props): ReactElement {
  const applied = chips(search);
  return (
    <div className="runs-filters">
      <div className="runs-filters-row">
        <QueryField
          label="Query"
          placeholder="status:failed host:web-* since:7d"
          value={search.q ?? ""}
          apply={(q) => change({ q: q === "" ? undefined : q })}
          error={error}
          help={<QueryExamples examples={EXAMPLES} />}
          fields={LIST_FIELDS}
        />
        {children}
      </div>
      <div className="runs-filters-row">
        <ToggleGroup aria-label="Status">
          {STATUS_WORDS.map(([status, word]) => (
            <ToggleGroupItem
              key={word}
              text={word}
              isSelected={search.status === status}
              onChange={() => change({ status })}
            />
          ))}
        </ToggleGroup>
        <Picker
          label="Started"
          none="any time"
          value={search.since}
          options={[
            ["today", SINCE_WORDS.today],
            ["24h", SINCE_WORDS["24h"]],
            ["7d", SINCE_WORDS["7d"]],
            ["30d", SINCE_WORDS["30d"]],
          ]}
          onPick={(since) => change({ since, start_date: undefined })}
        />
        <Picker
          label="Changed"
          value={search.changed === undefined ? undefined : search.changed ? "yes" : "no"}
          options={[
            ["yes", "yes"],
            ["no", "no"],
          ]}
          onPick={(word) => change({ changed: word === undefined ? undefined : word === "yes" })}
        />
        <Picker
          label="Reason"
          value={search.reason}
          options={REASONS.map((reason) => [reason, reason.replaceAll("_", " ")])}
          onPick={(reason) => change({ reason })}
        />
        <AddFilter change={change} />
      </div>
      {applied.length > 0 && (
        <div className="runs-filters-row">
          <LabelGroup numLabels={20} aria-label="Filters that apply">
            {applied.map(({ name, label, value }) => (
              <Label
                key={name}
                onClose={() => change({ [name]: undefined })}
                closeBtnAriaLabel={`Remove filter: ${label}`}
              >
                {label}: <Name>{value}</Name>
              </Label>
            ))}
          </LabelGroup>
          <Button
            variant="link"
            isInline
            onClick={() => change(Object.fromEntries(applied.map(({ name }) => [name, undefined])))}
          >
            Clear filters
          </Button>
        </div>
      )}
    </div>
  );
}
