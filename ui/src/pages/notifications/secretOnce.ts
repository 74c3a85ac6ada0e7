/**
 * The generated signing secret, on its way to the target's page. It is in no cache, no storage and no
 * address: a user who leaves that page without it must generate another one.
 */
let made: { readonly name: string; readonly secret: string } | undefined;
const listeners = new Set<() => void>();

function set(next: typeof made): void {
  made = next;
  for (const listener of listeners) {
    listener();
  }
}

export function rememberSecret(name: string, secret: string): void {
  set({ name, secret });
}

export function madeSecret(name: string): string | undefined {
  return made?.name === name ? made.secret : undefined;
}

export function forgetSecret(): void {
  set(undefined);
}

export function onSecret(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
