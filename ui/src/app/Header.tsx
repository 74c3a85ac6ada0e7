import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
} from "@patternfly/react-core/dist/esm/components/Masthead";
import { PageToggleButton } from "@patternfly/react-core/dist/esm/components/Page";
import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup";
import AdjustIcon from "@patternfly/react-icons/dist/esm/icons/adjust-icon";
import MoonIcon from "@patternfly/react-icons/dist/esm/icons/moon-icon";
import SunIcon from "@patternfly/react-icons/dist/esm/icons/sun-icon";
import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { setPreferences, usePreferences } from "./preferences";
import { UserMenu } from "./UserMenu";

/** The masthead: the link to the start page, theme, time zone, and who is logged in. */
export function Header(): ReactElement {
  return (
    <Masthead display={{ default: "inline" }}>
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton aria-label="Navigation" isHamburgerButton />
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component={(props) => <Link {...props} to="/runs" />} className="app-logo">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <path d="M4 6h3v20H4zM11 16 28 5v22z" />
            </svg>
            Playback
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent className="app-tools">
        <ZoneToggle />
        <ThemeToggle />
        <UserMenu />
      </MastheadContent>
    </Masthead>
  );
}

const ZONES = [
  { zone: "local", text: "Local" },
  { zone: "utc", text: "UTC" },
] as const;

function ZoneToggle(): ReactElement {
  const { zone: chosen } = usePreferences();
  return (
    <ToggleGroup isCompact aria-label="Times in">
      {ZONES.map(({ zone, text }) => (
        <ToggleGroupItem
          key={zone}
          text={text}
          isSelected={zone === chosen}
          onChange={() => setPreferences({ zone })}
        />
      ))}
    </ToggleGroup>
  );
}

const THEMES = [
  { theme: "light", name: "Light theme", icon: <SunIcon /> },
  { theme: "dark", name: "Dark theme", icon: <MoonIcon /> },
  { theme: "system", name: "Theme of the system", icon: <AdjustIcon /> },
] as const;

function ThemeToggle(): ReactElement {
  const { theme: chosen } = usePreferences();
  return (
    <ToggleGroup isCompact aria-label="Theme" className="app-theme">
      {THEMES.map(({ theme, name, icon }) => (
        <ToggleGroupItem
          key={theme}
          aria-label={name}
          title={name}
          icon={icon}
          isSelected={theme === chosen}
          onChange={() => setPreferences({ theme })}
        />
      ))}
    </ToggleGroup>
  );
}
