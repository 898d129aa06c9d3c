// Every screen: its path, who may open it, and where it stands in the navigation. A screen's code is
// fetched when it is opened for the first time.

import type { ComponentType } from 'preact';
import type { IconName } from '../parts/icon';
import type { Session } from '../session/session';
import { consoleRoutes } from './console.routes';
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
  nav?: { label: string; icon: IconName; group: 'money' | 'books' | 'service' | 'more'; holds?: readonly string[] };
}

/** The service's own people see the whole. */
const wholeCounts = (session: Session): boolean => session.parties === null && session.scopes.includes('counts:read');

export const routes: readonly Route[] = [
  {
    pattern: '/overview',
    load: () => import('./overview/overview'),
    for: wholeCounts,
    nav: { label: 'Overview', icon: 'overview', group: 'service' },
  },
  ...portalRoutes,
  ...consoleRoutes,
  ...otherRoutes,
];

/** Where somebody arrives: the first screen of the navigation that is theirs. */
export function home(session: Session): string {
  const first = routes.find((route) => route.nav !== undefined && route.for !== 'anybody' && route.for(session));
  return `#${first?.pattern ?? '/try'}`;
}
