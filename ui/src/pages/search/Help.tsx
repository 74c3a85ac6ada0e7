import { Link } from "@tanstack/react-router";
import type { ReactElement } from "react";
import { QueryExamples } from "../../parts/query/Examples";

/** docs/search.md, by example. */
const EXAMPLES = [
  ["refused", "the word, in any case; words are whole"],
  ['"connection refused"', "the words in this order"],
  ["refus*  *fused  *fuse*", "the beginning, the end or any part of a word"],
  ["/E[0-9]{4}/", "a regular expression"],
  ["error timeout", "both in one line"],
  ["error OR timeout", "either; brackets group"],
  ["error NOT retry", "the one without the other; -retry is the same"],
  ["host:web-*", "lines of these hosts"],
  ['task:"Install nginx"', "lines of a task, with or without its role"],
  ["module:apt", "lines of a module, with or without its collection"],
  ["in:stderr,msg", "the line's source: output (printed), task (its name), or a field of a result"],
  ["status:failed playbook:site.yml since:7d", "which runs are searched, by the fields of the list"],
] as const;

export function SearchHelp(): ReactElement {
  return <QueryExamples examples={EXAMPLES} />;
}

const FIRST = [
  ['"connection refused" since:7d', "Who could not be reached this week?"],
  ["status:failed in:msg", "What did failed runs say?"],
  ["in:stderr status:success since:24h", "What was written to stderr although all went well?"],
  ["/deprecat(ed|ion)/", "What will stop working with the next version of Ansible?"],
] as const;

/** Example searches, shown before the first search. */
export function FirstSearches(): ReactElement {
  return (
    <div className="search-first">
      <p>
        A search covers every line of every run: what Ansible printed, what tasks returned, and the names of
        tasks. For example:
      </p>
      <ul>
        {FIRST.map(([q, question]) => (
          <li key={q}>
            <Link to="/search" search={{ q }}>
              {question}
            </Link>{" "}
            <code className="pb-code pb-subtle">{q}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
