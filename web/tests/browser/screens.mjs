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
  { name: 'explain', who: 'holder', link: `#/explain/${last}/comet/1`, shows: 'The plays behind it' },
  { name: 'play', who: 'holder', link: play, shows: 'Raw reports' },
  { name: 'held', who: 'holder', link: '#/held', shows: 'Held and excluded', opens: 'details' },
  { name: 'balances', who: 'holder', link: '#/balances', shows: 'Payouts' },
  { name: 'access', who: 'admin', link: '#/access', shows: 'Invite somebody' },
];
