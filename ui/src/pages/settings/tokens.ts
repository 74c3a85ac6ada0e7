import type { Scope, TokenRequest } from "../../api/types";

/** The request for a token; undefined as long as something is missing. The collector reports other errors. */
export function tokenRequest(name: string, scopes: readonly Scope[], days: string): TokenRequest | undefined {
  const expires = days.trim() === "" ? undefined : Number(days);
  if (name.trim() === "" || scopes.length === 0 || (expires !== undefined && !Number.isInteger(expires))) {
    return undefined;
  }
  const request = { name: name.trim(), scopes: [...scopes] };
  return expires === undefined ? request : { ...request, expires_days: expires };
}
