import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import AngleDownIcon from "@patternfly/react-icons/dist/esm/icons/angle-down-icon";
import AngleUpIcon from "@patternfly/react-icons/dist/esm/icons/angle-up-icon";
import DownloadIcon from "@patternfly/react-icons/dist/esm/icons/download-icon";
import ExternalLinkAltIcon from "@patternfly/react-icons/dist/esm/icons/external-link-alt-icon";
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import { type ReactElement, useState } from "react";
import type { FoldPolicy } from "./folding";
import type { Remembered } from "./remembered";
import { parseTyped } from "./selection";
import { TaskPicker } from "./TaskPicker";
import { isTimeMode, TIME_MODES } from "./times";
import type { LineSpan, StreamName } from "./types";
import type { Tasks } from "./useTasks";

interface ToolbarProps {
  /** Number of failures, and which of them the reader is at or past, from 1. */
  failures: number;
  passed: number;
  tasks: Tasks;
  /** Number of the line at the upper edge. */
  top: number;
  folds: FoldPolicy;
  canFold: boolean;
  remembered: Remembered;
  only: StreamName | undefined;
  rawHref: string;
  downloadName: string;
  onFailure: (forward: boolean) => void;
  onFolds: (policy: FoldPolicy) => void;
  onWrap: (wrap: boolean) => void;
  onOnly: (only: StreamName | undefined) => void;
  onGoTo: (span: LineSpan) => void;
  onTask: (line: number) => void;
  onFind: () => void;
}

const FOLDS: readonly { policy: FoldPolicy; label: string }[] = [
  { policy: "none", label: "All open" },
  { policy: "passed", label: "Failed open" },
  { policy: "all", label: "All folded" },
];

export function Toolbar(props: ToolbarProps): ReactElement {
  const { failures, passed, remembered, only } = props;
  return (
    <div className="pbc-bar" role="toolbar" aria-label="Console">
      {failures > 0 && (
        <div className="pbc-group">
          <Button
            variant="secondary"
            size="sm"
            isDanger
            icon={<AngleDownIcon />}
            title="Next failure (n)"
            onClick={() => props.onFailure(true)}
          >
            Next failure
          </Button>
          <Button
            variant="plain"
            size="sm"
            icon={<AngleUpIcon />}
            aria-label="Previous failure"
            title="Previous failure (p)"
            onClick={() => props.onFailure(false)}
          />
          <span className="pbc-note">
            {passed > 0 ? `${passed} of ${failures.toLocaleString("en")}` : failures.toLocaleString("en")}
          </span>
        </div>
      )}
      <TaskPicker tasks={props.tasks} top={props.top} onGoTo={props.onTask} />
      {props.canFold && (
        <FormSelect
          aria-label="Folding"
          value={props.folds}
          onChange={(_, value) => {
            const chosen = FOLDS.find(({ policy }) => policy === value);
            if (chosen !== undefined) {
              props.onFolds(chosen.policy);
            }
          }}
        >
          {FOLDS.map(({ policy, label }) => (
            <FormSelectOption key={policy} value={policy} label={label} />
          ))}
        </FormSelect>
      )}
      <FormSelect
        aria-label="Times"
        value={remembered.times}
        onChange={(_, value) => isTimeMode(value) && remembered.setTimes(value)}
      >
        {TIME_MODES.map(({ mode, label }) => (
          <FormSelectOption key={mode} value={mode} label={label} />
        ))}
      </FormSelect>
      <FormSelect
        aria-label="Streams"
        value={only ?? ""}
        onChange={(_, value) => props.onOnly(value === "stdout" || value === "stderr" ? value : undefined)}
      >
        <FormSelectOption value="" label="Both streams" />
        <FormSelectOption value="stdout" label="Only stdout" />
        <FormSelectOption value="stderr" label="Only stderr" />
      </FormSelect>
      <Checkbox
        id="pbc-wrap"
        label="Wrap"
        isChecked={remembered.wrap}
        onChange={(_, checked) => props.onWrap(checked)}
      />
      <GoTo onGoTo={props.onGoTo} />
      <span className="pbc-space" />
      <div className="pbc-group">
        <Button
          variant="plain"
          icon={<SearchIcon />}
          title="Search (Ctrl+F)"
          onClick={props.onFind}
          aria-label="Search"
        />
        <Button
          variant="plain"
          component="a"
          href={props.rawHref}
          target="_blank"
          rel="noopener"
          icon={<ExternalLinkAltIcon />}
          title="Raw text"
          aria-label="Raw text, in a new tab"
        />
        <Button
          variant="plain"
          component="a"
          href={props.rawHref}
          download={props.downloadName}
          icon={<DownloadIcon />}
          title="Download"
          aria-label="Download the text"
        />
      </div>
    </div>
  );
}

function GoTo({ onGoTo }: { onGoTo: (span: LineSpan) => void }): ReactElement {
  const [text, setText] = useState("");
  const span = parseTyped(text);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (span !== undefined) {
          onGoTo(span);
          setText("");
        }
      }}
    >
      <TextInput
        className="pbc-goto"
        aria-label="Go to line"
        placeholder="Line"
        title="Go to a line: 120, or lines: 120-140"
        value={text}
        validated={text !== "" && span === undefined ? "error" : "default"}
        onChange={(_, next) => setText(next)}
      />
    </form>
  );
}
