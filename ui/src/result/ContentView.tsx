import type { ReactElement, ReactNode } from "react";
import { Name } from "../parts/Name";
import { type Content, textOf } from "./content";
import { Diff } from "./Diff";
import { ModuleMessage } from "./ModuleMessage";
import { Text } from "./Text";
import "./result.css";

interface Props {
  content: Content;
  isBad: boolean;
  /** Level of the headings. */
  level?: 3 | 4;
}

/** The data that a module returned: first what happened, then output and changes, then the other fields. */
export function ContentView({ content, isBad, level = 3 }: Props): ReactElement {
  const { message, exception, stdout, stderr, command, exitCode, diffs, warnings, others } = content;
  const part = (title: string, body: ReactNode) => (
    <Section title={title} level={level}>
      {body}
    </Section>
  );
  return (
    <>
      {message !== undefined && <ModuleMessage text={message} isBad={isBad} />}
      {warnings.map((warning) => (
        <ModuleMessage key={warning} text={warning} prefix="Warning: " />
      ))}
      {command !== undefined &&
        part(
          exitCode === undefined ? "Command" : `Command, exit code ${exitCode}`,
          <Text text={command} label="Command" />,
        )}
      {stderr !== undefined && part("Error output", <Text text={stderr} label="Error output" />)}
      {stdout !== undefined && part("Output", <Text text={stdout} label="Output" />)}
      {exception !== undefined && part("Traceback", <Text text={exception} label="Traceback" />)}
      {diffs.length > 0 &&
        part(
          "Difference",
          // biome-ignore lint/suspicious/noArrayIndexKey: differences have no identity, and never move
          diffs.map((diff, at) => <Diff key={at} diff={diff} />),
        )}
      {others.length > 0 &&
        part(
          "Other values",
          <dl className="pb-result__fields">
            {others.map(([name, value]) => (
              <Field key={name} name={name} value={value} />
            ))}
          </dl>,
        )}
    </>
  );
}

/** Longer values are in the whole JSON. */
const LONGEST = 400;

function Field({ name, value }: { name: string; value: unknown }): ReactElement {
  const text = textOf(value) ?? "";
  return (
    <>
      <dt>
        <Name>{name}</Name>
      </dt>
      <dd>
        <Name>{text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}</Name>
      </dd>
    </>
  );
}

function Section({
  title,
  level,
  children,
}: {
  title: string;
  level: 3 | 4;
  children: ReactNode;
}): ReactElement {
  const Heading = level === 3 ? "h3" : "h4";
  return (
    <section className="pb-result__section">
      <Heading>{title}</Heading>
      {children}
    </section>
  );
}
