// What anybody who is let in can look at and hear.

import type { Session } from '../session/session';
import type { Route } from './routes';

const whoever = (): boolean => true;
/** What is kept is kept for an account. */
const hasAccount = (session: Session): boolean => session.account !== undefined;

export const listenRoutes: readonly Route[] = [
  {
    pattern: '/listen',
    load: () => import('./listen/listen'),
    for: whoever,
    nav: { label: 'Listen', icon: 'play', group: 'music', holds: ['albums', 'tracks', 'genres'] },
  },
  {
    pattern: '/artists',
    load: () => import('./artist/artists'),
    for: whoever,
    nav: { label: 'Artists', icon: 'artist', group: 'music' },
  },
  { pattern: '/artists/:id', load: () => import('./artist/artist'), for: whoever },
  { pattern: '/albums/:id', load: () => import('./album/album'), for: whoever },
  { pattern: '/tracks/:id', load: () => import('./track/track'), for: whoever },
  { pattern: '/genres/:key', load: () => import('./genre/genre'), for: whoever },
  {
    pattern: '/charts',
    load: () => import('./charts/charts'),
    for: whoever,
    nav: { label: 'Charts', icon: 'chart', group: 'music' },
  },
  {
    pattern: '/library',
    load: () => import('./library/library'),
    for: hasAccount,
    nav: { label: 'Your library', icon: 'library', group: 'music', holds: ['playlists'] },
  },
  { pattern: '/playlists/:id', load: () => import('./playlist/playlist'), for: whoever },
  { pattern: '/queue', load: () => import('./queue/queue'), for: whoever },
  { pattern: '/now-playing', load: () => import('./now-playing/now-playing'), for: whoever },
];
