import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { messageOf } from "../../../api/error";
import { timesQuery } from "../../../api/schedules";
import { Answer } from "../../../parts/Answer";
import { Field, validity } from "../../../parts/form/Field";
import { type Problem, problemOf } from "../../../parts/form/problem";
import { TextField } from "../../../parts/form/TextField";
import { useSettled } from "../../../parts/useSettled";
import { lineOf, OFTEN, type Often, WEEKDAYS, type When } from "../cron";
import { Times } from "../Times";
import { isField, type ScheduleForm, type SetScheduleForm } from "./form";

interface Props {
  form: ScheduleForm;
  set: SetScheduleForm;
  problem: Problem | undefined;
}

const OFTEN_WORDS: { readonly [often in Often]: string } = {
  hourly: "Every hour",
  daily: "Every day",
  weekdays: "Monday to Friday",
  weekly: "Every week",
  monthly: "Every month",
  cron: "A cron line",
};

const DAYS = [...Array.from({ length: 31 }, (_, day) => String(day + 1)), "L"];

const ZONES = ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];

/** When it runs, with the next ten times from the collector, including changes of daylight saving. */
export function WhenFields({ form, set, problem }: Props): ReactElement {
  const { when } = form;
  const line = lineOf(when);
  const asked = `${line}\n${form.zone.trim()}`;
  const isSettled = useSettled(asked, 400) !== undefined;
  const times = useQuery({ ...timesQuery(line, form.zone.trim()), enabled: isSettled && line !== "" });
  const refused = times.isError && isSettled ? problemOf(messageOf(times.error), isField) : undefined;
  const wrong = problem?.field === "cron" || problem?.field === "zone" ? problem : refused;
  const pick = (changes: Partial<When>) => set({ when: { ...when, ...changes } });
  return (
    <>
      <div className="pb-form-three">
        <Field name="often" label="How often" problem={undefined}>
          <FormSelect
            id="often"
            value={when.often}
            onChange={(_, picked) => {
              const often = OFTEN.find((one) => one === picked) ?? "daily";
              // The chosen times are the initial line.
              pick(often === "cron" ? { often, line } : { often });
            }}
          >
            {OFTEN.map((often) => (
              <FormSelectOption key={often} value={often} label={OFTEN_WORDS[often]} />
            ))}
          </FormSelect>
        </Field>
        {when.often === "weekly" && (
          <Field name="weekday" label="On" problem={undefined}>
            <FormSelect
              id="weekday"
              value={String(when.weekday)}
              onChange={(_, day) => pick({ weekday: Number(day) })}
            >
              {WEEKDAYS.map((day, at) => (
                <FormSelectOption key={day} value={String(at + 1)} label={day} />
              ))}
            </FormSelect>
          </Field>
        )}
        {when.often === "monthly" && (
          <Field name="day" label="On day" problem={undefined}>
            <FormSelect id="day" value={when.day} onChange={(_, day) => pick({ day })}>
              {DAYS.map((day) => (
                <FormSelectOption key={day} value={day} label={day === "L" ? "the last" : day} />
              ))}
            </FormSelect>
          </Field>
        )}
        {when.often === "cron" ? (
          <TextField
            name="cron"
            label="Cron line"
            value={when.line}
            onText={(text) => pick({ line: text })}
            problem={wrong}
            placeholder="30 3 * * mon-fri"
            help="Minute, hour, day of month, month, day of week. L is the last day of a month, fri#2 the second Friday."
            isRequired
          />
        ) : (
          <Field name="cron" label={when.often === "hourly" ? "Minutes past" : "At"} problem={wrong}>
            {when.often === "hourly" ? (
              <TextInput
                {...validity("cron", wrong)}
                type="number"
                min={0}
                max={59}
                value={String(Number(when.time.slice(3)))}
                onChange={(_, minute) => pick({ time: `00:${minute.padStart(2, "0")}` })}
              />
            ) : (
              <TextInput
                {...validity("cron", wrong)}
                type="time"
                value={when.time}
                onChange={(_, time) => pick({ time: time.slice(0, 5) })}
              />
            )}
          </Field>
        )}
        <Field name="zone" label="Time zone" problem={wrong} isRequired>
          <TextInput
            {...validity("zone", wrong)}
            list="zones"
            value={form.zone}
            onChange={(_, zone) => set({ zone })}
            autoComplete="off"
            spellCheck={false}
            isRequired
          />
          <datalist id="zones">
            {ZONES.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </Field>
      </div>
      {line !== "" && times.data !== undefined && !times.isError && (
        <section className="schedules-preview" aria-label="Next ten times">
          <p>
            Next ten times
            {when.often !== "cron" && (
              <span className="pb-subtle">
                {" "}
                of <code>{line}</code>
              </span>
            )}
          </p>
          <Answer isOld={times.isPlaceholderData}>
            <Times times={times.data} />
          </Answer>
        </section>
      )}
    </>
  );
}
