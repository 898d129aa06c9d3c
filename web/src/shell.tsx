// The frame around every screen: the name, the navigation by what the session may see, the switch of
// light and dark, and who is signed in.

import './shell.css';
import type { ComponentChildren, ComponentType, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { theme, turn } from './design/theme';
import { title } from './figures/format';
import { Announcer } from './parts/announce';
import { Button } from './parts/button';
import { Icon, type IconName } from './parts/icon';
import { Hints } from './parts/toast';
import { place } from './router';
import { type Route, routes } from './screens/routes';
import { type Session, session, signOut } from './session/session';

const GROUPS = [
  ['music', 'Music'],
  ['service', 'Service'],
  ['money', 'Money'],
  ['books', 'Books'],
  ['more', 'More'],
] as const;

export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const [open, setOpen] = useState(false);
  const here = place.value;
  const listens = session.value?.account !== undefined;
  useEffect(() => setOpen(false), [here]);
  useEffect(() => {
    if (!open) return undefined;
    const close = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setOpen(false);
    };
    addEventListener('keydown', close);
    return () => removeEventListener('keydown', close);
  }, [open]);
  return (
    <div class={`frame${listens ? ' frame-tabbed' : ''}${here.parts[0] === 'now-playing' ? ' frame-full' : ''}`}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address' fragment is the place; a jump within the page must not change it.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="frame-top">
        <Brand />
        <Button look="quiet" icon={open ? 'cross' : 'menu'} label={open ? 'Close menu' : 'Open menu'} expanded={open} controls="side" onPress={() => setOpen(!open)} />
      </header>
      <div class={`frame-side${open ? ' frame-side-open' : ''}`} id="side">
        <header class="frame-brand">
          <Brand />
        </header>
        <Navigation of={session.value ?? null} />
        {listens ? <Late load={loadPlaylists} /> : null}
        <Foot of={session.value ?? null} />
      </div>
      <main class="frame-main" id="main" tabIndex={-1} ref={main}>
        {children}
      </main>
      {session.value ? <Late load={loadPlayer} /> : null}
      {listens ? <Tabs /> : null}
      <Hints />
      <Announcer />
    </div>
  );
}

const loadPlayer = (): Promise<{ default: ComponentType }> => import('./player-bar/player-bar');
const loadPlaylists = (): Promise<{ default: ComponentType }> => import('./music/side-playlists');

/** The player and one's playlists, once their code is there: nobody waits for it who only looks at figures. */
function Late({ load }: { load: () => Promise<{ default: ComponentType }> }): JSX.Element | null {
  const [late, setLate] = useState<{ Part: ComponentType } | null>(null);
  useEffect(() => {
    load().then(
      (module) => setLate({ Part: module.default }),
      // A newer version of these pages is there: the next screen that is opened says so.
      () => {},
    );
  }, [load]);
  return late === null ? null : <late.Part />;
}

const TABS: readonly { href: string; label: string; icon: IconName; holds: readonly string[] }[] = [
  { href: '#/home', label: 'Home', icon: 'home', holds: ['home'] },
  { href: '#/listen', label: 'Listen', icon: 'play', holds: ['listen', 'albums', 'tracks', 'genres', 'artists'] },
  { href: '#/charts', label: 'Charts', icon: 'chart', holds: ['charts'] },
  { href: '#/library', label: 'Library', icon: 'library', holds: ['library', 'playlists'] },
];

/** On a phone: where one listens, below the thumb. */
function Tabs(): JSX.Element {
  const here = place.value.parts[0] ?? '';
  return (
    <nav class="tabs" aria-label="Music">
      <ul>
        {TABS.map(({ href, label, icon, holds }) => (
          <li key={href}>
            <a href={href} aria-current={holds.includes(here) ? 'page' : undefined}>
              <Icon name={icon} size={22} />
              <span>{label}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Brand(): JSX.Element {
  return (
    <a class="brand" href="#/">
      <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <rect class="brand-ground" width="32" height="32" rx="8" />
        <path class="brand-lines" d="M7 12h18M7 20h18" />
        <ellipse class="brand-note" cx="16" cy="16" rx="4.6" ry="3.5" transform="rotate(-18 16 16)" />
      </svg>
      <span>Ledgerline</span>
    </a>
  );
}

function Navigation({ of }: { of: Session | null }): JSX.Element {
  const shown = routes.filter((route) => route.nav !== undefined && (route.for === 'anybody' || (of !== null && route.for(of))));
  const groups = GROUPS.map(([key, label]) => ({ key, label, items: shown.filter((route) => route.nav?.group === key) })).filter((group) => group.items.length > 0);
  return (
    <nav class="nav" aria-label="Screens">
      {groups.map((group) => (
        <div key={group.key} class="nav-group">
          {groups.length > 1 ? <h2 class="nav-head">{group.label}</h2> : null}
          <ul>
            {group.items.map((route) => (
              <NavItem key={route.pattern} route={route} />
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

function NavItem({ route }: { route: Route }): JSX.Element | null {
  if (route.nav === undefined) return null;
  const here = place.value.parts[0] ?? '';
  const current = here === route.pattern.slice(1).split('/')[0] || (route.nav.holds?.includes(here) ?? false);
  return (
    <li>
      <a href={`#${route.pattern}`} aria-current={current ? 'page' : undefined}>
        <Icon name={route.nav.icon} size={18} />
        <span>{route.nav.label}</span>
      </a>
    </li>
  );
}

function Foot({ of }: { of: Session | null }): JSX.Element {
  const icon = theme.value === 'light' ? 'sun' : theme.value === 'dark' ? 'moon' : 'system';
  return (
    <footer class="frame-foot">
      {of === null ? null : (
        <p class="who">
          <span class="who-name">{of.account?.name ?? (of.parties === null || of.parties.length === 0 ? of.name : of.parties.join(', '))}</span>
          <span class="who-role">{of.role === 'key' ? 'API key' : title(of.role)}</span>
        </p>
      )}
      <div class="frame-tools">
        <Button look="quiet" icon={icon} label={`Colours: ${theme.value}. Change`} onPress={turn} />
        {of === null ? null : <Button look="quiet" icon="out" label="Sign out" onPress={() => void signOut()} />}
      </div>
    </footer>
  );
}
