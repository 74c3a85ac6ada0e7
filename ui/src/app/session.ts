/** Who is logged in, with which permissions. Buttons for anything else are not shown. */
import { useQuery } from "@tanstack/react-query";
import { apiAddress } from "../api/base";
import { api, ask, done } from "../api/client";
import { identityQuery } from "../api/queries";
import type { Identity, Scope } from "../api/types";

export interface Scopes {
  readonly identity: Identity | undefined;
  /** Whether the token allows it; `admin` allows everything. */
  can(scope: Scope): boolean;
}

export function useScopes(): Scopes {
  const { data: identity } = useQuery(identityQuery);
  return { identity, can: (scope) => identity !== undefined && allows(identity.scopes, scope) };
}

export function allows(scopes: readonly Scope[], scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}

/** Exchanges a token for the session cookie. */
export async function logIn(token: string): Promise<void> {
  await done(api.POST("/api/v1/ansible/session", { body: { token } }));
}

export async function logOut(): Promise<void> {
  await done(api.DELETE("/api/v1/ansible/session"));
}

/** Exchanges the one-use ticket of a link for the session cookie. */
export async function logInByTicket(ticket: string): Promise<void> {
  const body = JSON.stringify({ ticket });
  const headers = { "Content-Type": "application/json" };
  await ask(new Request(apiAddress("/session"), { method: "POST", body, headers }));
}
