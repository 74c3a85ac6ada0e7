/** Interprets thrown errors. */

/** There are no lines, and there will be none: they were never recorded, were deleted, or removed by retention. */
export class NoLines extends Error {}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : "The lines could not be read.";
}
