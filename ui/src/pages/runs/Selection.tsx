import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { deleteExecutions } from "../../api/actions";
import type { ListedExecution } from "../../api/types";
import { useScopes } from "../../app/session";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { plural, shortId } from "../../parts/format";
import { LinkButton } from "../../parts/LinkButton";
import { MenuButton } from "../../parts/MenuButton";
import { runName } from "../../parts/runs";
import { exportsOf, filterOf } from "./exports";

interface Props {
  runs: readonly ListedExecution[];
  clear(): void;
}

/** The actions for the selected runs. */
export function Selection({ runs, clear }: Props): ReactElement | null {
  const { can } = useScopes();
  const cache = useQueryClient();
  const [isDeleting, setDeleting] = useState(false);
  const ids = runs.map(({ id }) => id);
  if (runs.length === 0) {
    return null;
  }
  // The older one first: changes are read from left to right.
  const [a, b] = [...runs].sort((one, other) => Date.parse(one.start_time) - Date.parse(other.start_time));
  return (
    <section className="runs-selection" aria-label="Selected runs">
      <strong>{plural(runs.length, "run")} selected</strong>
      {runs.length === 2 && a !== undefined && b !== undefined ? (
        <LinkButton to="/compare/$a/$b" params={{ a: a.id, b: b.id }} variant="secondary">
          Compare
        </LinkButton>
      ) : (
        <Button variant="secondary" isAriaDisabled>
          Compare (select two)
        </Button>
      )}
      <MenuButton label="Export" actions={exportsOf(filterOf(ids))} />
      {can("admin") && (
        <Button variant="danger" onClick={() => setDeleting(true)}>
          Delete
        </Button>
      )}
      <Button variant="link" onClick={clear}>
        Clear selection
      </Button>
      {isDeleting && (
        <ConfirmDialog
          title={`Delete ${plural(runs.length, "run")}?`}
          action="Delete"
          isDanger
          hasNote
          close={() => setDeleting(false)}
          confirm={async (note) => {
            await deleteExecutions(cache, ids, note);
            clear();
          }}
        >
          <p className="pb-break">
            <bdi>{names(runs)}</bdi>
          </p>
          <p>
            Their records, output and results are deleted permanently. The audit trail keeps who deleted them.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}

/** Runs that are named before they are deleted: some may be on another page. */
const NAMED = 5;

/** "site.yml (0a1b2c), deploy.yml (3d4e5f) and 3 more". */
export function names(runs: readonly ListedExecution[]): string {
  const named = runs.slice(0, NAMED).map((run) => `${runName(run)} (${shortId(run.id)})`);
  const more = runs.length - named.length;
  return named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}
