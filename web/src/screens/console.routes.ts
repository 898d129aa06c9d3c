// The console's screens: closes, revenue, contracts, comparison, ledger, queues, audit, and the music folder.
// Who is bound to parties has none of them.

import type { Shape } from '../api/client';
import type { Session } from '../session/session';
import type { Route } from './routes';

const whole = (scope: Shape<'Scope'>) => (session: Session): boolean => session.parties === null && session.scopes.includes(scope);
const readsMoney = whole('royalty:read');
const readsLedger = whole('ledger:read');
const writesMoney = whole('royalty:write');
const judges = (session: Session): boolean => (['fraud:write', 'adjudication:write'] as const).some((scope) => whole(scope)(session));

export const consoleRoutes: readonly Route[] = [
  {
    pattern: '/closes',
    load: () => import('./closes/closes'),
    for: readsMoney,
    nav: { label: 'Closes', icon: 'close', group: 'books' },
  },
  { pattern: '/closes/:period', load: () => import('./closes/close'), for: readsMoney },
  {
    pattern: '/payouts',
    load: () => import('./payouts/payouts'),
    for: readsMoney,
    nav: { label: 'Payouts', icon: 'payout', group: 'books' },
  },
  {
    pattern: '/revenue',
    load: () => import('./revenue/revenue'),
    for: readsMoney,
    nav: { label: 'Revenue', icon: 'revenue', group: 'books' },
  },
  { pattern: '/revenue/import', load: () => import('./revenue/import'), for: writesMoney },
  {
    pattern: '/rates',
    load: () => import('./rates/rates'),
    for: readsMoney,
    nav: { label: 'Rates', icon: 'exchange', group: 'books' },
  },
  { pattern: '/rates/import', load: () => import('./rates/import'), for: writesMoney },
  {
    pattern: '/contracts',
    load: () => import('./contracts/contracts'),
    for: readsMoney,
    nav: { label: 'Contracts', icon: 'contract', group: 'books' },
  },
  { pattern: '/contracts/:id', load: () => import('./contracts/contract'), for: readsMoney },
  { pattern: '/contracts/proposals/new', load: () => import('./contracts/propose'), for: writesMoney },
  { pattern: '/contracts/proposals/:number', load: () => import('./contracts/proposal'), for: readsMoney },
  { pattern: '/contracts/sheets/new', load: () => import('./contracts/from-sheet'), for: writesMoney },
  {
    pattern: '/advances',
    load: () => import('./advances/advances'),
    for: readsMoney,
    nav: { label: 'Advances', icon: 'advance', group: 'books' },
  },
  { pattern: '/advances/import', load: () => import('./advances/import'), for: writesMoney },
  {
    pattern: '/comparison',
    load: () => import('./comparison/comparison'),
    for: readsMoney,
    nav: { label: 'Comparison', icon: 'comparison', group: 'books' },
  },
  {
    pattern: '/ledger',
    load: () => import('./ledger/ledger'),
    for: readsLedger,
    nav: { label: 'Ledger', icon: 'ledger', group: 'books' },
  },
  {
    pattern: '/queues',
    load: () => import('./queues/queues'),
    for: judges,
    nav: { label: 'Queues', icon: 'queue', group: 'service' },
  },
  {
    pattern: '/music-folder',
    load: () => import('./music-folder/music-folder'),
    for: whole('access:write'),
    nav: { label: 'Music folder', icon: 'download', group: 'service' },
  },
  {
    pattern: '/audit',
    load: () => import('./audit/audit'),
    for: readsLedger,
    nav: { label: 'Audit log', icon: 'audit', group: 'more' },
  },
];
