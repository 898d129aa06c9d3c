// The finance console's screens: closes, revenue, contracts, comparison, ledger, queues, audit.

import type { Route } from './routes';

export const consoleRoutes: readonly Route[] = [];
