// Tracks, one below the other: a press plays from there on, and a menu does whatever else can be done with one.

import './tracks.css';
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Shape } from '../api/client';
import { count } from '../figures/format';
import { Button } from '../parts/button';
import { Icon } from '../parts/icon';
import { Menu, type MenuItem } from '../parts/menu';
import { Sortable } from '../parts/sortable';
import { nowPlaying, pause, status } from '../player';
import { to } from '../router';
import { Cover } from './cover';
import { Artists, Explicit, length } from './names';
import { addToQueue, type AlbumRef, type From, playList, playNext, queued, toggle, type Track } from './playback';
import { LikeButton, likeItem, useSaved } from './saved';

/** A track in a list. */
export interface TrackEntry {
  /** Unique in the list: a track may be in it twice. */
  key: string;
  track: Track;
  album: AlbumRef;
  /** How often it was heard, where that is shown. */
  plays?: number;
}

interface TrackListProps {
  label: string;
  entries: readonly TrackEntry[];
  from: From;
  /** What stands in front: its number on its album, or its place in this list. */
  numbers?: 'track' | 'place';
  covers?: boolean;
  albums?: boolean;
  /** Artists who needn't be named, because the page is theirs. */
  owners?: ReadonlySet<string>;
  /** More of what can be done with one. */
  more?: (entry: TrackEntry) => readonly MenuItem[];
  /** What can be done with several that are chosen, beside what always can be. */
  withChosen?: { label: string; act: (entries: readonly TrackEntry[]) => void };
  /** The list's order can be changed. */
  onMove?: (from: number, to: number) => void;
}

/** Tracks that are to be put into a playlist: the dialog looks here. */
export const toBeAdded = signal<readonly Track[] | null>(null);

export function TrackList(props: TrackListProps): JSX.Element {
  const { label, entries, from, onMove } = props;
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const [last, setLast] = useState(0);
  useSaved('tracks', entries.map(({ track }) => track.id));
  const available = entries.filter(({ track }) => track.available);
  const play = (entry: TrackEntry): void => playList(available.map(({ track, album }) => queued(track, album, from)), available.indexOf(entry));
  const choose = (at: number, upTo: boolean): void => {
    const key = entries[at]?.key ?? '';
    const now = new Set(chosen ?? []);
    const many = upTo ? entries.slice(Math.min(last, at), Math.max(last, at) + 1).map((entry) => entry.key) : [key];
    const add = upTo || !now.has(key);
    for (const one of many) {
      if (add) now.add(one);
      else now.delete(one);
    }
    setLast(at);
    setChosen(now.size === 0 && chosen === null ? null : now);
  };
  const row = (entry: TrackEntry, at: number, grip?: JSX.Element): JSX.Element => (
    <TrackRow key={entry.key} {...props} entry={entry} at={at} {...(grip === undefined ? {} : { grip })} chosen={chosen === null ? null : chosen.has(entry.key)} onChoose={(upTo) => choose(at, upTo)} onPlay={() => play(entry)} onSelect={() => choose(at, false)} />
  );
  const picked = chosen === null ? [] : entries.filter((entry) => chosen.has(entry.key));
  return (
    <>
      {chosen === null ? null : <Chosen entries={picked} all={entries.length} from={from} {...(props.withChosen === undefined ? {} : { withChosen: props.withChosen })} onAll={() => setChosen(new Set(entries.map((entry) => entry.key)))} onDone={() => setChosen(null)} />}
      {onMove === undefined ? (
        <ol class="tracks" aria-label={label}>
          {entries.map((entry, at) => (
            <li key={entry.key}>{row(entry, at)}</li>
          ))}
        </ol>
      ) : (
        <Sortable label={label} class="tracks" items={entries} keyOf={(entry) => entry.key} nameOf={(entry) => entry.track.title} onMove={onMove}>
          {row}
        </Sortable>
      )}
    </>
  );
}

interface ChosenProps {
  entries: readonly TrackEntry[];
  all: number;
  from: From;
  withChosen?: NonNullable<TrackListProps['withChosen']>;
  onAll: () => void;
  onDone: () => void;
}

/** What can be done with several at once. */
function Chosen({ entries, all, from, withChosen, onAll, onDone }: ChosenProps): JSX.Element {
  const tracks = entries.map(({ track, album }) => queued(track, album, from));
  const none = entries.length === 0;
  const then = (act: () => void) => (): void => {
    act();
    onDone();
  };
  return (
    <div class="chosen" role="toolbar" aria-label="Chosen tracks">
      <strong aria-live="polite">{entries.length === 1 ? '1 chosen' : `${count(entries.length)} chosen`}</strong>
      <Button look="quiet" disabled={entries.length === all} onPress={onAll}>
        All
      </Button>
      <Button look="quiet" icon="up_next" disabled={none} onPress={then(() => addToQueue(tracks))}>
        Add to queue
      </Button>
      <Button
        look="quiet"
        icon="plus_list"
        disabled={none}
        onPress={then(() => {
          toBeAdded.value = entries.map(({ track }) => track);
        })}
      >
        Add to playlist…
      </Button>
      {withChosen === undefined ? null : (
        <Button look="quiet" icon="bin" disabled={none} onPress={then(() => withChosen.act(entries))}>
          {withChosen.label}
        </Button>
      )}
      <Button look="quiet" icon="cross" label="Done choosing" onPress={onDone} />
    </div>
  );
}

interface RowProps extends TrackListProps {
  entry: TrackEntry;
  at: number;
  grip?: JSX.Element;
  /** Null while nothing is chosen. */
  chosen: boolean | null;
  onChoose: (upTo: boolean) => void;
  onSelect: () => void;
  onPlay: () => void;
}

function TrackRow({ entry, at, grip, chosen, numbers = 'track', covers = false, albums = false, owners, from, more, onPlay, onChoose, onSelect }: RowProps): JSX.Element {
  const { track, album } = entry;
  const plays = nowPlaying.value?.id === track.id;
  const sounds = plays && (status.value === 'playing' || status.value === 'waiting');
  const artists = [...track.artists, ...track.featured];
  const named = owners === undefined || track.featured.length > 0 || track.artists.some((artist) => !owners.has(artist.id));
  const press = plays ? toggle : onPlay;
  const touched = (event: MouseEvent): void => {
    if (chosen !== null || event.ctrlKey || event.metaKey || event.shiftKey) {
      if (event.target instanceof Element && event.target.closest('button, label') !== null) return;
      event.preventDefault();
      onChoose(event.shiftKey);
    } else if (matchMedia('(hover: none)').matches && event.target instanceof Element && event.target.closest('button, .track-artists a') === null && track.available) {
      // A finger means the track, wherever on its row: its page is in the menu.
      event.preventDefault();
      press();
    }
  };
  const number = numbers === 'place' ? at + 1 : track.number === 0 ? '·' : track.number;
  const looks = [plays ? 'track-plays' : '', track.available ? '' : 'track-missing', chosen === true ? 'track-chosen' : '', albums ? 'track-with-album' : ''].join(' ');
  return (
    <div class={`track ${looks}`} aria-current={plays ? 'true' : undefined} onClick={touched} onDblClick={() => (track.available && chosen === null ? onPlay() : undefined)}>
      {chosen !== null ? (
        <label class="track-choose">
          <input type="checkbox" checked={chosen} aria-label={`Choose ${track.title}`} onChange={() => onChoose(false)} />
        </label>
      ) : (
        <span class="track-first">
          <button type="button" class="track-play" aria-label={`${sounds ? 'Pause' : 'Play'} ${track.title}`} aria-disabled={!track.available || undefined} onClick={track.available ? (sounds ? pause : press) : undefined}>
            <Icon name={sounds ? 'pause' : 'play'} size={16} full={!sounds} />
          </button>
          <span class="track-number" aria-hidden="true">
            {sounds ? <Meter /> : number}
          </span>
        </span>
      )}
      {covers ? (
        <span class="track-cover">
          <Cover picture={album.cover ?? null} seed={album.id} title={album.title} width={40} />
        </span>
      ) : null}
      <div class="track-names">
        <p class="track-title">
          <a href={to(['tracks', track.id])}>{track.title}</a>
        </p>
        {named || track.explicit ? (
          <p class="track-artists">
            <Explicit is={track.explicit} /> {named ? <Artists of={artists} /> : null}
          </p>
        ) : null}
      </div>
      {albums ? (
        <p class="track-album">
          <a href={to(['albums', album.id])}>{album.title}</a>
        </p>
      ) : null}
      <div class="track-end">
        {entry.plays === undefined ? null : (
          <span class="track-heard" title="Counted plays">
            {count(entry.plays)}
          </span>
        )}
        <LikeButton kind="tracks" id={track.id} name={track.title} />
        <span class="track-length">{track.available ? length(track.duration_ms) : 'Missing'}</span>
        <Menu label={`More for ${track.title}`} items={[...menuOf(entry, from, onSelect, chosen === null), ...(more?.(entry) ?? [])]} />
        {grip}
      </div>
    </div>
  );
}

/** What can be done with a track anywhere. */
export function menuOf({ track, album }: Pick<TrackEntry, 'track' | 'album'>, from: From, onSelect?: () => void, canSelect = false): MenuItem[] {
  const one = queued(track, album, from);
  const artist = track.artists[0];
  return [
    ...(track.available
      ? ([
          { label: 'Play next', icon: 'next', act: () => playNext([one]) },
          { label: 'Add to queue', icon: 'up_next', act: () => addToQueue([one]) },
        ] as const)
      : []),
    {
      label: 'Add to playlist…',
      icon: 'plus_list',
      act: () => {
        toBeAdded.value = [track];
      },
    },
    likeItem('tracks', track.id, track.title),
    ...(onSelect !== undefined && canSelect ? ([{ label: 'Choose several…', icon: 'check', act: onSelect }] as const) : []),
    { label: 'About the track', icon: 'lyrics', act: to(['tracks', track.id]), apart: true },
    { label: 'Go to the album', icon: 'library', act: to(['albums', album.id]) },
    ...(artist === undefined ? [] : ([{ label: 'Go to the artist', icon: 'artist', act: to(['artists', artist.id]) }] as const)),
  ];
}

/** What sounds is seen without colours: three bars that move, or stand where motion isn't wanted. */
function Meter(): JSX.Element {
  return (
    <span class="meter" aria-hidden="true">
      <span />
      <span />
      <span />
    </span>
  );
}

/** The tracks of an album, by discs where it has several. */
export function AlbumTracks({ album, owners }: { album: Shape<'MusicAlbum'>; owners: ReadonlySet<string> }): JSX.Element {
  const discs = [...new Set(album.tracks.map((track) => track.disc))];
  const from = { label: album.title, href: to(['albums', album.id]) };
  const entries = album.tracks.map((track) => ({ key: track.id, track, album }));
  if (discs.length < 2) return <TrackList label="Tracks" entries={entries} from={from} owners={owners} />;
  return (
    <>
      {discs.map((disc) => (
        <section key={disc} aria-label={`Disc ${disc}`}>
          <h2 class="tracks-disc">Disc {disc}</h2>
          <TrackList label={`Tracks of disc ${disc}`} entries={entries.filter(({ track }) => track.disc === disc)} from={from} owners={owners} />
        </section>
      ))}
    </>
  );
}

/** Grey rows where tracks will be. */
export function TracksWaiting({ rows = 8, covers = false }: { rows?: number; covers?: boolean }): JSX.Element {
  return (
    <div class="tracks-waiting skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, at) => (
        <div key={at} class="track-waiting" aria-hidden="true">
          {covers ? <span class="skeleton-line track-waiting-cover" /> : null}
          <span class={`skeleton-line skeleton-line-${at % 4}`} />
        </div>
      ))}
    </div>
  );
}
