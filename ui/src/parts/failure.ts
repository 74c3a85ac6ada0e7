import { ApiError } from "../api/error";

interface Reading {
  readonly data: unknown;
  readonly error: Error | null;
}

/**
 * Why there is nothing to show: it could not be read, or no longer exists. If only a later read failed, the
 * earlier data stays, and the banner shows that the collector is unavailable.
 */
export function failureOf({ data, error }: Reading): Error | undefined {
  const isGone = error instanceof ApiError && error.isMissing;
  return error !== null && (data === undefined || isGone) ? error : undefined;
}
