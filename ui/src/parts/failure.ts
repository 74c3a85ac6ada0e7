import { ApiError } from "../api/error";

interface Reading {
  readonly data: unknown;
  readonly error: Error | null;
}

/**
 * Why there is nothing to show: it could not be read, or does not exist any more. If only a later reading failed, what was read
 * before stays, and the banner tells of a collector that is away.
 */
export function failureOf({ data, error }: Reading): Error | undefined {
  const isGone = error instanceof ApiError && error.isMissing;
  return error !== null && (data === undefined || isGone) ? error : undefined;
}
