import { Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form";
import { Radio } from "@patternfly/react-core/dist/esm/components/Radio";
import type { ReactElement } from "react";
import { setPreferences, usePreferences } from "../../app/preferences";
import { dateTime } from "../../parts/format";
import { useNow } from "../../parts/now";
import { Section } from "./Section";

const THEMES = [
  { theme: "system", text: "As the system" },
  { theme: "light", text: "Light" },
  { theme: "dark", text: "Dark" },
] as const;

/** Theme and time zone. */
export function Appearance(): ReactElement {
  const { theme: chosen, zone: chosenZone } = usePreferences();
  const now = new Date(useNow(60_000));
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [
    { zone: "local", text: `Local (${local})` },
    { zone: "utc", text: "UTC" },
  ] as const;
  return (
    <Section title="Appearance" about="Stored in this browser.">
      <Form>
        <FormGroup label="Theme" role="radiogroup" fieldId="theme">
          {THEMES.map(({ theme, text }) => (
            <Radio
              key={theme}
              id={`theme-${theme}`}
              name="theme"
              label={text}
              isChecked={theme === chosen}
              onChange={() => setPreferences({ theme })}
            />
          ))}
        </FormGroup>
        <FormGroup label="Times in" role="radiogroup" fieldId="zone">
          {zones.map(({ zone, text }) => (
            <Radio
              key={zone}
              id={`zone-${zone}`}
              name="zone"
              label={text}
              description={`Now: ${dateTime(now, zone).slice(0, 16)}`}
              isChecked={zone === chosenZone}
              onChange={() => setPreferences({ zone })}
            />
          ))}
        </FormGroup>
      </Form>
    </Section>
  );
}
