// Who looks at these pages: a session that the server keeps behind a cookie which scripts can't read.

import { computed, signal } from '@preact/signals';
import { credentials, get, post, remove, type Shape } from '../api/client';
import { Refusal, refusalOf } from '../api/problem';

/** Who looks; `parties` of null are all of them. */
export type Session = Shape<'Session'> & { parties: string[] | null };

/** The session; null where nobody is signed in, undefined until the server has said. */
export const session = signal<Session | null | undefined>(undefined);
/** Why the last session is over, as a sentence; empty where it was left on purpose. */
export const farewell = signal('');
/** Why the server couldn't be asked who we are. */
export const unreachable = signal<Refusal | null>(null);

/** Whether somebody who works for the service looks: they see every party. */
export const seesAll = computed(() => session.value?.parties === null);

/** Whether the session may do what a scope allows. */
export function may(scope: Shape<'Scope'>): boolean {
  return session.value?.scopes.includes(scope) ?? false;
}

/** Asks the server who we are. */
export async function resume(): Promise<void> {
  unreachable.value = null;
  try {
    const found = await get('/api/v1/session');
    if (!session.peek()) accept(found);
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    if (refusal.status !== 401) unreachable.value = refusal;
    // An invitation may have opened a session meanwhile: this answer is older than that.
    else if (session.peek() === undefined) accept(null);
  }
}

/** Signs in by a name and its password, by an API key or by an invitation's secret. */
export async function signIn(by: { name: string; password: string } | { key: string } | { invitation: string }): Promise<void> {
  enter(await post('/api/v1/session', { json: by }));
}

/** Goes on with a session that an answer has begun. */
export function enter(answer: Shape<'Session'>): void {
  farewell.value = '';
  accept(answer);
}

/** Goes on without one: what it stood on is gone. */
export function leave(): void {
  farewell.value = '';
  accept(null);
}

/** Ends the session, here and on the server. */
export async function signOut(): Promise<void> {
  await remove('/api/v1/session').catch((thrown: unknown) => {
    // One that is over already is what we want.
    if (refusalOf(thrown).status !== 401) throw thrown;
  });
  farewell.value = '';
  accept(null);
}

function accept(found: Shape<'Session'> | null): void {
  credentials.csrfToken = found?.csrf_token ?? null;
  session.value = found === null ? null : { ...found, parties: found.parties ?? null };
}

credentials.ended = () => {
  if (session.peek()) farewell.value = 'Your session has ended. Sign in again to go on.';
  accept(null);
};
