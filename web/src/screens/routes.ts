// Every screen: its path, who may open it, and where it stands in the navigation. A screen's code is
// fetched when it is opened for the first time.

import type { ComponentType } from 'preact';
import type { IconName } from '../parts/icon';
import type { Session } from '../session/session';
import { consoleRoutes } from './console.routes';
import { listenRoutes } from './listen.routes';
import { otherRoutes, portalRoutes } from './portal.routes';

/** What a screen is given. */
export interface ScreenProps {
  /** What the pattern's `:names` stand for. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
}

/** A screen's default export. */
export type ScreenComponent = ComponentType<ScreenProps>;

export interface Route {
  /** `/statements/:period/:payee`; the first that fits is taken. */
  pattern: string;
  load: () => Promise<{ default: ScreenComponent }>;
  /** Whether the session may open it. `anybody` needs no session. */
  for: 'anybody' | ((session: Session) => boolean);
  /** Its place in the navigation; routes without one are reached from others, and `holds` names which. */
  nav?: { label: string; icon: IconName; group: 'music' | 'money' | 'books' | 'service' | 'more'; holds?: readonly string[] };
}

/** The service's own people see the whole. */
const wholeCounts = (session: Session): boolean => session.parties === null && session.scopes.includes('counts:read');

/** Whoever has an account listens, whatever else they do. */
const hasAccount = (session: Session): boolean => session.account !== undefined;

export const routes: readonly Route[] = [
  {
    pattern: '/home',
    load: () => import('./home/home'),
    for: hasAccount,
    nav: { label: 'Home', icon: 'home', group: 'music' },
  },
  {
    pattern: '/overview',
    load: () => import('./overview/overview'),
    for: wholeCounts,
    nav: { label: 'Overview', icon: 'overview', group: 'service' },
  },
  ...portalRoutes,
  ...consoleRoutes,
  ...listenRoutes,
  ...otherRoutes,
];

/** Where one listens: the player is there, also while nothing plays. */
export const LISTENING: ReadonlySet<string> = new Set(['home', ...listenRoutes.map(({ pattern }) => pattern.split('/')[1] ?? '')]);

/** Where somebody arrives: who listens at the music, everybody else at the first screen that is theirs. */
export function home(session: Session): string {
  if (session.role === 'listener' || session.role === 'creator') return '#/home';
  const first = routes.find((route) => route.nav !== undefined && route.nav.group !== 'music' && route.for !== 'anybody' && route.for(session));
  return `#${first?.pattern ?? '/try'}`;
}
