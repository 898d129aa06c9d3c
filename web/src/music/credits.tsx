// Who did what for a track.

import './head.css';
import type { JSX } from 'preact';
import type { Shape } from '../api/client';
import { title } from '../figures/format';
import { to } from '../router';

type Track = Shape<'MusicTrack'>;

export function Credits({ track }: { track: Track }): JSX.Element {
  return (
    <dl class="music-facts">
      {byRole(track).map(([role, credits]) => (
        <div key={role}>
          <dt>{role === 'main' ? 'Artist' : title(role)}</dt>
          <dd>
            {credits.map((credit, at) => (
              <span key={`${credit.id} ${credit.detail}`}>
                {at === 0 ? '' : ', '}
                <a href={to(['artists', credit.id])}>{credit.name}</a>
                {credit.detail === '' ? '' : ` (${credit.detail})`}
              </span>
            ))}
          </dd>
        </div>
      ))}
      <div>
        <dt>Album</dt>
        <dd>
          <a href={to(['albums', track.album.id])}>{track.album.title}</a>
        </dd>
      </div>
      {track.isrc === null ? null : (
        <div>
          <dt>ISRC</dt>
          <dd class="number">{track.isrc}</dd>
        </div>
      )}
    </dl>
  );
}

function byRole(track: Track): [string, Shape<'MusicCredit'>[]][] {
  const roles = new Map<string, Shape<'MusicCredit'>[]>();
  for (const credit of track.credits) roles.set(credit.role, [...(roles.get(credit.role) ?? []), credit]);
  return [...roles];
}
