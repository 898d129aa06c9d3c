// One's playlists at the side of every screen, the newest first.

import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from '../parts/icon';
import { place, to } from '../router';
import { ownPlaylists, refreshPlaylists } from './playlists';

const SHOWN_MAX = 30;

export default function SidePlaylists(): JSX.Element | null {
  // Where they can't be had the library says so; here there is nothing then.
  useEffect(() => void refreshPlaylists().catch(() => {}), []);
  const lists = ownPlaylists.value ?? [];
  if (lists.length === 0) return null;
  const [here, id] = place.value.parts;
  return (
    <nav class="nav" aria-label="Your playlists">
      <div class="nav-group">
        <h2 class="nav-head">Playlists</h2>
        <ul>
          {lists.slice(0, SHOWN_MAX).map((list) => (
            <li key={list.id}>
              <a href={to(['playlists', list.id])} aria-current={here === 'playlists' && id === list.id ? 'page' : undefined}>
                <Icon name="sound" size={18} />
                <span class="nav-name">{list.name}</span>
              </a>
            </li>
          ))}
        </ul>
      </div>
    </nav>
  );
}
