// How things of the library are named: artists as links, lengths, days, the sign for explicit words.

import type { JSX } from 'preact';
import type { Shape } from '../api/client';
import { day, month } from '../figures/format';
import { to } from '../router';

type Named = readonly { readonly id: string; readonly name: string }[];

/** Artists, each a link, with a comma between. */
export function Artists({ of, other = 'Various artists' }: { of: Named; other?: string }): JSX.Element {
  if (of.length === 0) return <>{other}</>;
  return (
    <>
      {of.map((artist, at) => (
        <span key={artist.id}>
          {at === 0 ? '' : ', '}
          <a href={to(['artists', artist.id])}>{artist.name}</a>
        </span>
      ))}
    </>
  );
}

/** The sign for explicit words. */
export function Explicit({ is }: { is: boolean }): JSX.Element | null {
  return is ? (
    <abbr class="explicit" title="Explicit">
      E
    </abbr>
  ) : null;
}

/** `3:07`, `1:02:45`. */
export function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (figure: number): string => String(figure).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `48 min`, `1 h 12 min`. */
export function longLength(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A day, a month or a year, as far as it is known. */
export function released(on: string): string {
  if (on.length === 10) return day(on);
  if (on.length === 7) return month(on);
  return on;
}

/** `Album`, `EP`. */
export function kindOf(album: Shape<'MusicAlbumSummary'>): string {
  return album.kind === 'ep' ? 'EP' : `${album.kind.slice(0, 1).toUpperCase()}${album.kind.slice(1)}`;
}

/** `Album · 2026`. */
export function kindAndYear(album: Shape<'MusicAlbumSummary'>): string {
  const kind = kindOf(album);
  const year = album.released_on.slice(0, 4);
  return year === '' ? kind : `${kind} · ${year}`;
}
