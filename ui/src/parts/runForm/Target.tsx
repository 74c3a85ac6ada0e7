import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import type { ReactElement } from "react";
import type { NamedFile } from "../../api/types";
import type { Problem } from "../form/problem";
import { TextField } from "../form/TextField";
import { plural } from "../format";
import { FileField } from "./FileField";
import type { RunForm, SetRunForm } from "./form";

interface Props {
  form: RunForm;
  set: SetRunForm;
  problem: Problem | undefined;
  playbooks: readonly NamedFile[];
  inventories: readonly NamedFile[];
  /** For a replay: the hosts that failed or could not be reached. */
  failed?: readonly string[] | undefined;
  /** A note on how a module's arguments are treated. */
  argsHelp: string;
}

/** What runs, and on which hosts. */
export function Target(props: Props): ReactElement {
  const { form, set, problem, playbooks, inventories, failed, argsHelp } = props;
  const isAdhoc = form.type === "adhoc";
  return (
    <>
      {failed === undefined && (
        <FormGroup label="What to run" role="group" fieldId="what">
          <ToggleGroup aria-label="What to run">
            <ToggleGroupItem
              text="A playbook"
              isSelected={!isAdhoc}
              onChange={() => set({ type: "playbook" })}
            />
            <ToggleGroupItem
              text="A module, ad hoc"
              isSelected={isAdhoc}
              onChange={() => set({ type: "adhoc" })}
            />
          </ToggleGroup>
        </FormGroup>
      )}
      {isAdhoc ? (
        <Adhoc form={form} set={set} problem={problem} argsHelp={argsHelp} />
      ) : (
        <FileField
          name="playbook"
          label="Playbook"
          files={playbooks}
          value={form.playbook}
          onPick={(playbook) => set({ playbook })}
          problem={problem}
          none="Choose a playbook"
          isRequired
        />
      )}
      <FileField
        name="inventory"
        label="Inventory"
        files={inventories}
        value={form.inventory}
        onPick={(inventory) => set({ inventory })}
        problem={problem}
        none="As ansible.cfg says"
      />
      {failed !== undefined && failed.length > 0 && (
        <Checkbox
          id="only_failed"
          label={`Only failed hosts: the ${plural(failed.length, "host")} that failed or could not be reached`}
          description={failed.slice(0, 12).join(", ") + (failed.length > 12 ? " …" : "")}
          isChecked={form.onlyFailed}
          onChange={(_, onlyFailed) => set({ onlyFailed })}
        />
      )}
      <TextField
        name="limit"
        label="Limit"
        value={form.limit}
        onText={(limit) => set({ limit })}
        problem={problem}
        isDisabled={form.onlyFailed}
        placeholder="web-01,db-*"
        help={form.onlyFailed ? "The failed hosts limit it already." : "Only these hosts: a pattern."}
      />
    </>
  );
}

type AdhocProps = Pick<Props, "form" | "set" | "problem" | "argsHelp">;

function Adhoc({ form, set, problem, argsHelp }: AdhocProps): ReactElement {
  return (
    <>
      <TextField
        name="hosts"
        label="Hosts"
        value={form.hosts}
        onText={(hosts) => set({ hosts })}
        problem={problem}
        placeholder="all, web, web-*"
        isRequired
      />
      <TextField
        name="module"
        label="Module"
        value={form.module}
        onText={(module) => set({ module })}
        problem={problem}
        placeholder="command"
      />
      <TextField
        name="args"
        label="Arguments"
        value={form.args}
        onText={(args) => set({ args })}
        problem={problem}
        placeholder="uptime"
        help={argsHelp}
      />
    </>
  );
}
