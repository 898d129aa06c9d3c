// Who looks at these pages: a session that the server keeps behind a cookie which scripts can't read.

import { computed, signal } from '@preact/signals';
import { credentials, send } from '../api/client';
import { Refusal, refusalOf } from '../api/problem';

/** What somebody may be; `key` is an API key without a role. */
export type Role = 'admin' | 'finance' | 'label' | 'rights_holder' | 'key';

/** A session, as `GET /api/v1/session` says it. */
export interface Session {
  readonly name: string;
  readonly role: Role;
  /** The parties whose money it may see; null is all of them. */
  readonly parties: readonly string[] | null;
  readonly scopes: readonly string[];
  readonly csrf_token: string;
  readonly expires_at: string;
  /** Whether the server shows its demonstration. */
  readonly demo: boolean;
}

/** The session; null where nobody is signed in, undefined until the server has said. */
export const session = signal<Session | null | undefined>(undefined);
/** Why the last session is over, as a sentence; empty where it was left on purpose. */
export const farewell = signal('');
/** Why the server couldn't be asked who we are. */
export const unreachable = signal<Refusal | null>(null);

/** Whether somebody who works for the service looks: they see every party. */
export const seesAll = computed(() => session.value?.parties === null);

/** Whether the session may do what a scope allows. */
export function may(scope: string): boolean {
  return session.value?.scopes.includes(scope) ?? false;
}

/** Asks the server who we are. */
export async function resume(): Promise<void> {
  unreachable.value = null;
  try {
    const found = (await send('GET', '/api/v1/session')) as Session;
    if (!session.peek()) accept(found);
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    if (refusal.status !== 401) unreachable.value = refusal;
    // An invitation may have opened a session meanwhile: this answer is older than that.
    else if (session.peek() === undefined) accept(null);
  }
}

/** Signs in by an API key or by an invitation's secret. */
export async function signIn(by: { key: string } | { invitation: string }): Promise<void> {
  const answer = await send('POST', '/api/v1/session', { body: JSON.stringify(by), type: 'application/json' });
  farewell.value = '';
  accept(answer as Session);
}

/** Ends the session, here and on the server. */
export async function signOut(): Promise<void> {
  await send('DELETE', '/api/v1/session').catch((thrown: unknown) => {
    // One that is over already is what we want.
    if (refusalOf(thrown).status !== 401) throw thrown;
  });
  farewell.value = '';
  accept(null);
}

function accept(found: Session | null): void {
  credentials.csrfToken = found?.csrf_token ?? null;
  session.value = found;
}

credentials.ended = () => {
  if (session.peek()) farewell.value = 'Your session has ended. Sign in again to go on.';
  accept(null);
};
