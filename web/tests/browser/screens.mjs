// Every screen: who opens it, where, and what must stand there. Each is photographed on a desktop and a
// phone, light and dark, and looked at by axe.
import { period } from './folder.mjs';

const last = period(-1);
const play = '#/plays/listener-8/p1-harbour-7?source=replay%3Aweb';

export const SCREENS = [
  { name: 'sign-in', who: 'nobody', link: '#/', shows: 'Sign in' },
  { name: 'try', who: 'nobody', link: '#/try', shows: 'Drop your listening history here' },
  { name: 'overview', who: 'finance', link: '#/overview', shows: 'What became of reports' },
  { name: 'earnings', who: 'holder', link: '#/earnings', shows: 'What earned it' },
  { name: 'statements', who: 'holder', link: '#/statements', shows: 'Your statements' },
  { name: 'statements-of-all', who: 'finance', link: '#/statements', shows: 'northern-lights' },
  { name: 'statement', who: 'holder', link: `#/statements/${last}/comet`, shows: 'From earned to credited' },
  { name: 'statement-lines', who: 'holder', link: `#/statements/${last}/comet?release=lights-out&currency=EUR`, shows: 'Lines: release' },
  { name: 'statement-sales', who: 'label', link: `#/statements/${last}/northern-lights`, shows: 'From earned to credited', presses: 'DSR', then: 'Packed' },
  { name: 'explain', who: 'holder', link: `#/explain/${last}/comet/1`, shows: 'The plays behind it' },
  { name: 'play', who: 'holder', link: play, shows: 'Raw reports' },
  { name: 'held', who: 'holder', link: '#/held', shows: 'Held and excluded', opens: 'details' },
  { name: 'balances', who: 'holder', link: '#/balances', shows: 'Advance recouped' },
  { name: 'access', who: 'admin', link: '#/access', shows: 'Invite somebody' },
  { name: 'closes', who: 'finance', link: '#/closes', shows: 'Closed months' },
  { name: 'close', who: 'finance', link: `#/closes/${last}`, shows: 'What it was made from', opens: 'details' },
  { name: 'close-prepared', who: 'finance', link: `#/closes/${period(0)}`, shows: 'Dry run' },
  { name: 'close-sales', who: 'finance', link: `#/closes/${last}`, shows: 'What it was made from', presses: 'Sales reports', then: 'PADPIDA' },
  { name: 'payouts', who: 'finance', link: '#/payouts', shows: 'Choose all' },
  { name: 'payouts-file', who: 'finance', link: '#/payouts', shows: 'Choose all', presses: 'File for the bank', then: 'Who pays' },
  { name: 'revenue', who: 'finance', link: '#/revenue', shows: 'revenue.csv' },
  { name: 'revenue-import', who: 'finance', link: '#/revenue/import', shows: 'Drop a CSV here', opens: 'details' },
  { name: 'contracts', who: 'finance', link: '#/contracts', shows: 'What they leave open' },
  { name: 'contract', who: 'finance', link: '#/contracts/comet-deal', shows: 'All that it ever was' },
  { name: 'contract-changed', who: 'finance', link: '#/contracts/proposals/new?contract=comet-deal', shows: 'Hand it to a second person' },
  { name: 'contract-template', who: 'finance', link: '#/contracts/proposals/new', shows: 'A template is a whole contract' },
  { name: 'contract-sheet', who: 'finance', link: '#/contracts/sheets/new', shows: 'Drop a CSV here', opens: 'details' },
  { name: 'advances', who: 'finance', link: '#/advances', shows: 'signing' },
  { name: 'advances-import', who: 'finance', link: '#/advances/import', shows: 'Drop a CSV here', opens: 'details' },
  { name: 'rates', who: 'finance', link: '#/rates', shows: 'rates.csv' },
  { name: 'rates-import', who: 'finance', link: '#/rates/import', shows: 'Drop a CSV here', opens: 'details' },
  { name: 'proposal', who: 'finance', link: '#/contracts/proposals/1', shows: 'Where it stands' },
  { name: 'comparison', who: 'finance', link: `#/comparison?period=${last}`, shows: 'Who would gain' },
  { name: 'ledger', who: 'finance', link: '#/ledger', shows: 'In the order of their numbers' },
  { name: 'ledger-balances', who: 'finance', link: '#/ledger?view=balances', shows: 'party:comet/EUR/payable' },
  { name: 'ledger-proof', who: 'finance', link: '#/ledger?view=proof', shows: 'Signed line' },
  { name: 'queue-held', who: 'finance', link: '#/queues', shows: 'Held and excluded', opens: 'details' },
  { name: 'queue-late', who: 'finance', link: '#/queues?queue=adjudication', shows: 'Their reports came after' },
  { name: 'queue-appeals', who: 'finance', link: '#/queues?queue=appeals', shows: 'what the rules found then' },
  { name: 'audit', who: 'finance', link: '#/audit', shows: 'Close a month' },
];
