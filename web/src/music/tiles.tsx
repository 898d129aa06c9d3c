// Albums and artists as a grid of covers.

import './tiles.css';
import type { ComponentChildren, JSX } from 'preact';
import { get, type Shape } from '../api/client';
import { useDoing } from '../api/doing';
import { counted } from '../figures/format';
import { Icon } from '../parts/icon';
import { hint } from '../parts/toast';
import { refusalOf } from '../api/problem';
import { nowPlaying, pause, status } from '../player';
import { to } from '../router';
import { Cover, Mosaic } from './cover';
import { Artists, Explicit, kindAndYear } from './names';
import { playList, type QueueEntry, queued, toggle } from './playback';
import { entriesOf, itemsOf, type Playlist } from './playlists';

type Album = Shape<'MusicAlbumSummary'>;

export function Tiles({ children, label }: { children: ComponentChildren; label: string }): JSX.Element {
  return (
    <ul class="tiles" aria-label={label}>
      {children}
    </ul>
  );
}

/** One row of tiles that is scrolled sideways. */
export function Shelf({ children, label }: { children: ComponentChildren; label: string }): JSX.Element {
  return (
    <ul class="tiles tiles-shelf" aria-label={label}>
      {children}
    </ul>
  );
}

/** An album; `below` says whether its artists stand below its title, or its kind and year. */
export function AlbumTile({ album, below = 'artists' }: { album: Album; below?: 'artists' | 'year' }): JSX.Element {
  const href = to(['albums', album.id]);
  return (
    <li class="tile">
      <div class="tile-cover">
        <a href={href} tabIndex={-1} aria-hidden="true">
          <Cover picture={album.cover} seed={album.id} title={album.title} width={200} />
        </a>
        <PlayAlbum album={album} />
      </div>
      <p class="tile-title">
        <a href={href}>{album.title}</a> <Explicit is={album.explicit} />
      </p>
      <p class="tile-below">{below === 'artists' ? <Artists of={album.artists} /> : kindAndYear(album)}</p>
    </li>
  );
}

export function ArtistTile({ artist }: { artist: Shape<'MusicArtist'> }): JSX.Element {
  const href = to(['artists', artist.id]);
  return (
    <li class="tile">
      <div class="tile-cover">
        <a href={href} tabIndex={-1} aria-hidden="true">
          <Cover picture={artist.picture} seed={artist.id} title={artist.name} width={200} round />
        </a>
      </div>
      <p class="tile-title tile-title-middle">
        <a href={href}>{artist.name}</a>
      </p>
      <p class="tile-below tile-title-middle">Artist</p>
    </li>
  );
}

/** A playlist: its first covers, its name, how long it is. */
export function PlaylistTile({ list }: { list: Playlist }): JSX.Element {
  const href = to(['playlists', list.id]);
  const tracks = async (): Promise<QueueEntry[]> => {
    const { items } = await itemsOf(list.id);
    return entriesOf(items, { label: list.name, href });
  };
  return (
    <li class="tile">
      <div class="tile-cover">
        <a href={href} tabIndex={-1} aria-hidden="true">
          <Mosaic pictures={list.covers} seed={list.id} title={list.name} width={200} />
        </a>
        {list.item_count === 0 ? null : <PlayTile name={list.name} href={href} tracks={tracks} />}
      </div>
      <p class="tile-title">
        <a href={href}>{list.name}</a>
      </p>
      <p class="tile-below">Playlist · {counted(list.item_count, 'track')}</p>
    </li>
  );
}

function PlayAlbum({ album }: { album: Album }): JSX.Element {
  const tracks = async (): Promise<QueueEntry[]> => {
    const whole = await get('/api/v1/albums/{id}', { path: { id: album.id } });
    return whole.tracks.map((track) => queued(track, whole));
  };
  return <PlayTile name={album.title} href={to(['albums', album.id])} tracks={tracks} />;
}

/** Plays what a tile is of, or pauses it where it sounds. */
export function PlayTile({ name, href, tracks }: { name: string; href: string; tracks: () => Promise<QueueEntry[]> }): JSX.Element {
  const playing = useDoing();
  const mine = nowPlaying.value?.shown?.from?.href === href;
  const sounds = mine && (status.value === 'playing' || status.value === 'waiting');
  const play = async (): Promise<void> => {
    try {
      playList(await tracks());
    } catch (thrown) {
      hint(`${name}: ${refusalOf(thrown).message}`, 'bad');
    }
  };
  const press = (): void => {
    if (sounds) pause();
    else if (mine) toggle();
    else void playing.run(play);
  };
  return (
    <button type="button" class={`tile-play${sounds ? ' tile-play-on' : ''}`} aria-label={`${sounds ? 'Pause' : 'Play'} ${name}`} aria-busy={playing.busy || undefined} onClick={press}>
      {playing.busy ? <span class="button-spin" aria-hidden="true" /> : <Icon name={sounds ? 'pause' : 'play'} size={20} full={!sounds} />}
    </button>
  );
}

/** Grey squares where covers will be. */
export function TilesWaiting({ count = 12 }: { count?: number }): JSX.Element {
  return (
    <div class="tiles skeleton-tiles" role="status" aria-label="Loading">
      {Array.from({ length: count }, (_, at) => (
        <span key={at} class="tile-waiting skeleton-line" aria-hidden="true" />
      ))}
    </div>
  );
}
