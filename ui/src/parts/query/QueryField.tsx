import { Button } from "@patternfly/react-core/dist/esm/components/Button";
import { Popover } from "@patternfly/react-core/dist/esm/components/Popover";
import {
  TextInputGroup,
  TextInputGroupMain,
  TextInputGroupUtilities,
} from "@patternfly/react-core/dist/esm/components/TextInputGroup";
import OutlinedQuestionCircleIcon from "@patternfly/react-icons/dist/esm/icons/outlined-question-circle-icon";
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon";
import TimesIcon from "@patternfly/react-icons/dist/esm/icons/times-icon";
import { type ReactElement, type ReactNode, useId, useRef, useState } from "react";
import { useHotkey } from "../useHotkey";
import { useFieldText } from "../useTyped";
import { complete } from "./complete";
import { type Field, RUN_FIELDS } from "./fields";
import { Options } from "./Options";
import { Problem } from "./Problem";
import { useCompletion } from "./useCompletion";
import type { KnownValues } from "./values";
import "./query.css";

interface Props {
  /** The current query, from the address. */
  value: string;
  /** Called with Enter, and when the field is emptied. */
  apply(value: string): void;
  /** In a form: called with each letter, since the typed text counts without Enter. */
  onType?: (value: string) => void;
  /** In a form: the id of the input, for its label. */
  inputId?: string;
  label: string;
  placeholder: string;
  /** The error in the query, from the collector; it names the column. */
  error?: string | undefined;
  /** Examples of queries with explanations. */
  help: ReactNode;
  /** The fields that are offered: those of runs, unless the query is about lines. */
  fields?: readonly Field[];
  /** Values of fields that the page knows. */
  known?: KnownValues;
}

/** One field for the query language (docs/query.md), with completion. `/` on the keyboard leads to it. */
export function QueryField(props: Props): ReactElement {
  const {
    value,
    apply,
    onType,
    inputId,
    label,
    placeholder,
    error,
    help,
    fields = RUN_FIELDS,
    known,
  } = props;
  const { typed, setTyped, noteAsked } = useFieldText(value);
  const [caret, setCaret] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useHotkey("/", () => input.current?.focus());

  const list = useCompletion({
    query: typed,
    caret,
    fields,
    known,
    take: (insert, start, end) => {
      const next = complete(typed, { text: "", start, end }, insert);
      setTyped(next.query);
      onType?.(next.query);
      setCaret(next.caret);
      // React writes the text first; the caret would jump to its end.
      requestAnimationFrame(() => input.current?.setSelectionRange(next.caret, next.caret));
    },
  });
  const submit = (text: string) => {
    list.close();
    setTyped(text.trim());
    noteAsked(text.trim());
    apply(text.trim());
  };
  const isExpanded = list.options.length > 0;
  const isRefused = error !== undefined && typed === value;
  const option = (index: number) => `${id}-option-${index}`;

  return (
    <search className="pb-query" aria-label={label}>
      <div className="pb-query-row">
        <div className="pb-query-box">
          <TextInputGroup {...(isRefused && { validated: "error" })}>
            <TextInputGroupMain
              innerRef={input}
              {...(inputId !== undefined && { inputId })}
              icon={<SearchIcon />}
              value={typed}
              placeholder={placeholder}
              aria-label={label}
              role="combobox"
              isExpanded={isExpanded}
              aria-controls={`${id}-options`}
              {...(list.active >= 0 && { "aria-activedescendant": option(list.active) })}
              inputProps={{
                "aria-autocomplete": "list",
                "aria-invalid": isRefused,
                "aria-describedby": `${id}-problem`,
                autoComplete: "off",
                autoCapitalize: "none",
                spellCheck: false,
                maxLength: 4096,
                onKeyDown: (event: React.KeyboardEvent) => {
                  if (list.press(event)) {
                    event.preventDefault();
                  } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
                    submit(typed);
                  }
                },
                onSelect: (event: React.SyntheticEvent<HTMLInputElement>) =>
                  setCaret(event.currentTarget.selectionStart ?? 0),
                onBlur: list.close,
              }}
              onChange={(event, text) => {
                setTyped(text);
                onType?.(text);
                setCaret(event.currentTarget.selectionStart ?? text.length);
                // In a form, an emptied field needs no completions: the list would cover the next field.
                if (text === "" && onType !== undefined) {
                  list.close();
                } else {
                  list.open();
                }
              }}
            />
            {typed !== "" && (
              <TextInputGroupUtilities>
                <Button
                  variant="plain"
                  aria-label="Empty the field"
                  icon={<TimesIcon />}
                  onClick={() => {
                    submit("");
                    input.current?.focus();
                  }}
                />
              </TextInputGroupUtilities>
            )}
          </TextInputGroup>
          <Options
            id={`${id}-options`}
            label={`What may follow in: ${label}`}
            options={list.options}
            active={list.active}
            optionId={option}
            choose={list.choose}
          />
        </div>
        <Popover aria-label="What a query may say" bodyContent={help} minWidth="20rem" maxWidth="40rem">
          <Button variant="plain" aria-label="What a query may say" icon={<OutlinedQuestionCircleIcon />} />
        </Popover>
      </div>
      <div id={`${id}-problem`} role="alert">
        {isRefused && <Problem query={value} message={error} input={input} />}
      </div>
    </search>
  );
}
