// Requests to this server's API, and to no other host. Shapes come from the contract.

import type { components, paths } from './contract';
import { refusalIn } from './problem';

/** The contract's shapes by name: `Shape<'Statement'>`. */
export type Shape<Name extends keyof components['schemas']> = components['schemas'][Name];

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type With<M extends Method> = { [P in keyof paths]: paths[P][M] extends object ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends Method> = paths[P][M] & object;
type JsonOf<Content> = Content extends { content: { 'application/json': infer Body } } ? Body : unknown;
type Answers<O> = O extends { responses: infer All } ? All : never;
type Good<All> = All extends { 200: infer Ok } ? JsonOf<Ok> : All extends { 201: infer Made } ? JsonOf<Made> : All extends { 202: infer Taken } ? JsonOf<Taken> : undefined;
type Part<O, Where extends string> = O extends { parameters: infer All } ? (All extends { [W in Where]?: infer Given } ? Given : undefined) : undefined;
type Body<O> = O extends { requestBody: { content: { 'application/json': infer Sent } } } ? Sent : undefined;

/** What a request to `P` can be given. */
export interface Given<P extends keyof paths, M extends Method> {
  path?: Part<Operation<P, M>, 'path'>;
  query?: Part<Operation<P, M>, 'query'>;
  json?: Body<Operation<P, M>>;
  signal?: AbortSignal;
}

/** The body of a good answer. */
export type Answer<P extends keyof paths, M extends Method = 'get'> = Good<Answers<Operation<P, M>>>;

/** What the client has to know of the session; `session/` sets it, so that this file imports nobody. */
export const credentials = {
  /** Sent with everything but GET. */
  csrfToken: null as string | null,
  /** Called where an answer says that the session is over. */
  ended: () => {},
};

/** Where a session begins, is asked for, and ends: a refusal there isn't the end of one. */
const DOORS = ['/api/v1/session', '/api/v1/set-up', '/api/v1/sign-up'];

/** `get('/api/v1/counts', { query: { by: 'day' } })` */
export function get<P extends With<'get'>>(path: P, given: Given<P, 'get'> = {}): Promise<Answer<P, 'get'>> {
  return ask('get', path, given as Given<keyof paths, Method>) as Promise<Answer<P, 'get'>>;
}

/** `post('/api/v1/appeals', { json: { … } })` */
export function post<P extends With<'post'>>(path: P, given: Given<P, 'post'> = {}): Promise<Answer<P, 'post'>> {
  return ask('post', path, given as Given<keyof paths, Method>) as Promise<Answer<P, 'post'>>;
}

/** `put('/api/v1/me/saved/{kind}/{id}', { path: { … } })` */
export function put<P extends With<'put'>>(path: P, given: Given<P, 'put'> = {}): Promise<Answer<P, 'put'>> {
  return ask('put', path, given as Given<keyof paths, Method>) as Promise<Answer<P, 'put'>>;
}

/** `patch('/api/v1/me', { json: { … } })` */
export function patch<P extends With<'patch'>>(path: P, given: Given<P, 'patch'> = {}): Promise<Answer<P, 'patch'>> {
  return ask('patch', path, given as Given<keyof paths, Method>) as Promise<Answer<P, 'patch'>>;
}

/** `remove('/api/v1/invitations/{id}', { path: { id } })` */
export function remove<P extends With<'delete'>>(path: P, given: Given<P, 'delete'> = {}): Promise<Answer<P, 'delete'>> {
  return ask('delete', path, given as Given<keyof paths, Method>) as Promise<Answer<P, 'delete'>>;
}

/** The address of something that the browser itself fetches: a download. */
export function address(path: string, parts: Readonly<Record<string, string | number>> = {}, query: object = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parts[name] ?? '')));
  const wanted = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') wanted.set(name, String(value));
  }
  return wanted.size === 0 ? filled : `${filled}?${wanted.toString()}`;
}

/** A request with a body that isn't JSON of the contract, or to a path that the contract has only by name. */
export async function send(method: string, url: string, given: { body?: BodyInit; type?: string; signal?: AbortSignal; headers?: Readonly<Record<string, string>>; keepalive?: boolean } = {}): Promise<unknown> {
  const headers: Record<string, string> = { ...given.headers, Accept: 'application/json' };
  if (given.type !== undefined) headers['Content-Type'] = given.type;
  if (method !== 'GET' && credentials.csrfToken !== null) headers['X-CSRF-Token'] = credentials.csrfToken;
  const response = await fetch(url, {
    method,
    headers,
    body: given.body ?? null,
    signal: given.signal ?? null,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    keepalive: given.keepalive ?? false,
  });
  if (!response.ok) {
    const refusal = await refusalIn(response);
    // Whoever asks for the session itself knows what to do without one.
    if (refusal.status === 401 && !DOORS.includes(url)) credentials.ended();
    throw refusal;
  }
  if (response.status === 204) return undefined;
  const type = response.headers.get('Content-Type') ?? '';
  return type.includes('json') ? response.json() : response.text();
}

function ask(method: Method, path: string, given: { path?: unknown; query?: unknown; json?: unknown; signal?: AbortSignal }): Promise<unknown> {
  const url = address(path, (given.path ?? {}) as Record<string, string>, (given.query ?? {}) as object);
  const sent = given.json === undefined ? {} : { body: JSON.stringify(given.json), type: 'application/json' };
  return send(method.toUpperCase(), url, given.signal === undefined ? sent : { ...sent, signal: given.signal });
}
