import { useEffect, useState } from "react";

/** The colours of a chart: a canvas cannot use CSS variables. */
export interface Colors {
  text: string;
  grid: string;
  good: string;
  bad: string;
  median: string;
  change: string;
}

const TOKENS: { readonly [name in keyof Colors]: string } = {
  text: "--pf-t--global--text--color--subtle",
  grid: "--pf-t--global--border--color--default",
  good: "--pf-t--global--icon--color--status--success--default",
  bad: "--pf-t--global--icon--color--status--danger--default",
  median: "--pf-t--global--icon--color--brand--default",
  change: "--pf-t--global--icon--color--status--warning--default",
};

/** The theme's colours now, and again whenever the theme changes. */
export function useColors(): Colors {
  const [colors, setColors] = useState(read);
  useEffect(() => {
    const observer = new MutationObserver(() => setColors(read()));
    observer.observe(document.documentElement, { attributeFilter: ["class"] });
    return () => observer.disconnect();
  }, []);
  return colors;
}

function read(): Colors {
  const style = getComputedStyle(document.documentElement);
  const color = (name: keyof Colors) => style.getPropertyValue(TOKENS[name]).trim() || "gray";
  return {
    text: color("text"),
    grid: color("grid"),
    good: color("good"),
    bad: color("bad"),
    median: color("median"),
    change: color("change"),
  };
}
