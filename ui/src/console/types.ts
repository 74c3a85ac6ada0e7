/** The console's input and output. The page that shows it supplies the data. */

export type StreamName = "stdout" | "stderr";

/** One printed line. */
export interface Line {
  /** Its number in the run, from 0. People see it from 1. */
  readonly number: number;
  /** As it was printed, with its control sequences, without the newline. */
  readonly text: string;
  /** When it was printed, in milliseconds since the Unix epoch. */
  readonly time: number;
  readonly stream: StreamName;
  /** Sequence number of the event that Ansible was showing: a result, or the start of a task or play. */
  readonly of?: number;
}

export interface Page {
  readonly lines: readonly Line[];
  /** Where the next page begins; missing when there is none for now. */
  readonly next?: number;
  /** Lines printed so far, of both streams. */
  readonly total: number;
}

/** A line that the server found. */
export interface Hit {
  readonly number: number;
}

export interface Hits {
  readonly hits: readonly Hit[];
  /** Total number of lines; more than `hits` if there are too many to list. */
  readonly total: number;
}

export interface Query {
  readonly text: string;
  readonly regex: boolean;
  readonly caseSensitive: boolean;
}

/** The callbacks of a running execution's stream. */
export interface LiveEvents {
  /** Lines in order; the first of them has this number. Their stream and exact time are requested later. */
  lines(first: number, lines: readonly { text: string; time: number }[]): void;
  /** There may be new lines that the stream does not deliver. */
  look(): void;
  /** The run has ended, or no longer exists; lines that were not sent can be requested. */
  end(): void;
}

/** The source of lines: the API, or a generator in tests. */
export interface Source {
  page(from: number, limit: number, only: StreamName | undefined, signal: AbortSignal): Promise<Page>;
  /** Calls the events for each new line, from this number on; returns a function that ends it. */
  live?(since: number, events: LiveEvents): () => void;
  /** Searches all lines, loaded or not. */
  search?(query: Query, signal: AbortSignal): Promise<Hits>;
  /** Numbers of the lines that report a failure which was not ignored. */
  failures?(signal: AbortSignal): Promise<readonly number[]>;
  /**
   * Where the first failure that was neither ignored nor rescued was printed, which the lines do not show;
   * none: not known.
   */
  firstFailure?(signal: AbortSignal): Promise<number | undefined>;
  /** Where the lines of every task begin, in order. */
  tasks?(signal: AbortSignal): Promise<readonly TaskPlace[]>;
}

/** Where the lines of a task begin. */
export interface TaskPlace {
  readonly title: string;
  /** Number of its first line, from 0. */
  readonly from: number;
  readonly failed: boolean;
}

/** Lines that the address names, from 0, both included. */
export interface LineSpan {
  readonly from: number;
  readonly to: number;
}

export type TimeMode = "off" | "absolute" | "relative" | "delta";
