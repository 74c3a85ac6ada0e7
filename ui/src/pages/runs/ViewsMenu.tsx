import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form";
import { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { type ReactElement, useState } from "react";
import { parseSearch, stringifySearch } from "../../app/search";
import { ConfirmDialog } from "../../parts/ConfirmDialog";
import { MenuButton } from "../../parts/MenuButton";
import { type RunsSearch, search as read } from "./search";
import { OWN_VIEWS, useViews, type Views } from "./views";

interface Props {
  search: RunsSearch;
  open(search: RunsSearch): void;
}

/** Opens a saved view of the list, and saves the current one. */
export function ViewsMenu({ search, open }: Props): ReactElement {
  const views = useViews();
  const [isNaming, setNaming] = useState(false);
  const { cursor: _, ...filters } = search;
  const query = stringifySearch({ ...filters }).slice(1);
  const current = views.saved.find((view) => view.query === query);
  return (
    <>
      <MenuButton
        label={current?.name ?? "Views"}
        actions={[
          ...[...OWN_VIEWS, ...views.saved].map((view) => ({
            name: view.name,
            onPick: () => open(read(parseSearch(view.query))),
          })),
          current === undefined
            ? { name: "Save this view …", onPick: () => setNaming(true) }
            : { name: `Forget “${current.name}”`, isDanger: true, onPick: () => views.remove(current.name) },
        ]}
      />
      {isNaming && <SaveView views={views} query={query} close={() => setNaming(false)} />}
    </>
  );
}

interface SaveProps {
  views: Views;
  query: string;
  close(): void;
}

/** Asks for a name. An existing view is only replaced after a confirmation. */
function SaveView({ views, query, close }: SaveProps): ReactElement {
  const [typed, setTyped] = useState("");
  const [isReplacing, setReplacing] = useState(false);
  const name = typed.trim();
  const isOwn = OWN_VIEWS.some((view) => view.name === name);
  const isTaken = views.saved.some((view) => view.name === name && view.query !== query);
  const isWrong = isOwn || (isTaken && !isReplacing);
  return (
    <ConfirmDialog
      title="Save this view"
      action={isTaken ? "Replace" : "Save"}
      isIncomplete={name === "" || isWrong}
      close={close}
      confirm={async () => views.save({ name, query }, isReplacing)}
    >
      <FormGroup label="Name" fieldId="view-name" isRequired>
        <TextInput
          id="view-name"
          aria-describedby="view-name-help"
          validated={isWrong ? "error" : "default"}
          value={typed}
          onChange={(_, text) => {
            setTyped(text);
            setReplacing(false);
          }}
          autoFocus
        />
        <FormHelperText>
          <HelperText id="view-name-help" isLiveRegion>
            {isWrong && (
              <HelperTextItem variant="error">
                {isOwn
                  ? "This is the name of a view that is always there: choose another one"
                  : "You have a view of this name: choose another one, or replace it"}
              </HelperTextItem>
            )}
          </HelperText>
        </FormHelperText>
      </FormGroup>
      {isTaken && (
        <Checkbox
          id="view-replace"
          label={`Replace “${name}”`}
          isChecked={isReplacing}
          onChange={(_, isOn) => setReplacing(isOn)}
        />
      )}
    </ConfirmDialog>
  );
}
