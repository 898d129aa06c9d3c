// What a rights holder opens; the service's people open the same for any payee.

import type { Session } from '../session/session';
import type { Route } from './routes';

const readsMoney = (session: Session): boolean => session.scopes.includes('royalty:read');
const readsLedger = (session: Session): boolean => session.scopes.includes('ledger:read');
const readsCounts = (session: Session): boolean => session.scopes.includes('counts:read');
const letsIn = (session: Session): boolean => session.scopes.includes('access:write');

export const portalRoutes: readonly Route[] = [
  {
    pattern: '/earnings',
    load: () => import('./earnings/earnings'),
    for: readsMoney,
    nav: { label: 'Earnings', icon: 'earnings', group: 'money' },
  },
  {
    pattern: '/statements',
    load: () => import('./statements/statements'),
    for: readsMoney,
    nav: { label: 'Statements', icon: 'statement', group: 'money', holds: ['explain', 'plays'] },
  },
  { pattern: '/statements/:period/:payee', load: () => import('./statement/statement'), for: readsMoney },
  { pattern: '/explain/:period/:payee/:number', load: () => import('./explain/explain'), for: readsMoney },
  { pattern: '/plays/:user/:play', load: () => import('./play/play'), for: readsMoney },
  {
    pattern: '/held',
    load: () => import('./held/held'),
    for: readsCounts,
    nav: { label: 'Held plays', icon: 'held', group: 'money', holds: ['appeals'] },
  },
  { pattern: '/appeals/:number', load: () => import('./held/appeal'), for: readsCounts },
  {
    pattern: '/balances',
    load: () => import('./balances/balances'),
    for: readsLedger,
    nav: { label: 'Balances', icon: 'balance', group: 'money' },
  },
];

/** What anybody may open, and what only lets others in. */
export const otherRoutes: readonly Route[] = [
  {
    pattern: '/account',
    load: () => import('./account/account'),
    for: (session) => session.account !== undefined,
    nav: { label: 'Account', icon: 'person', group: 'more' },
  },
  {
    pattern: '/people',
    load: () => import('./people/people'),
    for: letsIn,
    nav: { label: 'People', icon: 'people', group: 'more' },
  },
  { pattern: '/sign-up', load: () => import('./sign-in/sign-up'), for: 'anybody' },
  {
    pattern: '/access',
    load: () => import('./access/access'),
    for: letsIn,
    nav: { label: 'Invitations', icon: 'access', group: 'more' },
  },
  {
    pattern: '/try',
    load: () => import('./try/try'),
    for: 'anybody',
    nav: { label: 'Try it', icon: 'try', group: 'more' },
  },
];
