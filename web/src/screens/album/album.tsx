// An album: its cover, whose it is, its tracks.

import type { JSX } from 'preact';
import { useAnswer } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { counted } from '../../figures/format';
import { HeadWaiting, MusicHead, PlayAll } from '../../music/head';
import { Artists, Explicit, kindOf, longLength, released } from '../../music/names';
import { addToQueue, playList, playNext, playShuffled, queued, toggle } from '../../music/playback';
import { SaveButton } from '../../music/saved';
import { AlbumTile, Shelf } from '../../music/tiles';
import { AlbumTracks, toBeAdded, TracksWaiting } from '../../music/tracks';
import { Answered, Empty } from '../../parts/answered';
import { Icon } from '../../parts/icon';
import { Menu } from '../../parts/menu';
import { nowPlaying, pause, status } from '../../player';
import { Sign } from '../../parts/sign';
import { to } from '../../router';
import type { ScreenProps } from '../routes';

export default function AlbumScreen({ params }: ScreenProps): JSX.Element {
  const id = params['id'] ?? '';
  const album = useAnswer((signal) => get('/api/v1/albums/{id}', { path: { id }, signal }), [id]);
  return (
    <Answered of={album} skeleton={<><HeadWaiting /><TracksWaiting /></>}>
      {(found) => <Album album={found} />}
    </Answered>
  );
}

function Album({ album }: { album: Shape<'MusicAlbum'> }): JSX.Element {
  const from = { label: album.title, href: to(['albums', album.id]) };
  const list = album.tracks.map((track) => queued(track, album, from));
  const mine = nowPlaying.value?.shown?.from?.href === from.href;
  const sounds = mine && (status.value === 'playing' || status.value === 'waiting');
  const artist = album.artists[0];
  return (
    <div class="screen">
      <MusicHead
        picture={album.cover}
        seed={album.id}
        title={album.title}
        kind={kindOf(album)}
        facts={
          <>
            <Artists of={album.artists} />
            {album.released_on === '' ? '' : ` · ${album.released_on.slice(0, 4)}`} · {counted(album.track_count, 'track')}, {longLength(album.duration_ms)} <Explicit is={album.explicit} />
          </>
        }
        actions={
          album.tracks.length === 0 ? undefined : (
            <>
              <PlayAll plays={sounds} onPress={sounds ? pause : mine ? toggle : () => playList(list)} />
              <Sign label={`Shuffle ${album.title}`} onPress={() => playShuffled(list)}>
                <Icon name="shuffle" size={22} />
              </Sign>
              <SaveButton kind="albums" id={album.id} name={album.title} />
              <Menu
                label={`More for ${album.title}`}
                items={[
                  { label: 'Play next', icon: 'next', act: () => playNext(list) },
                  { label: 'Add to queue', icon: 'up_next', act: () => addToQueue(list) },
                  {
                    label: 'Add to playlist…',
                    icon: 'plus_list',
                    act: () => {
                      toBeAdded.value = album.tracks;
                    },
                  },
                  ...(artist === undefined ? [] : ([{ label: 'Go to the artist', icon: 'artist', act: to(['artists', artist.id]), apart: true }] as const)),
                ]}
              />
            </>
          )
        }
      />
      {album.tracks.length === 0 ? (
        <Empty title="None of its tracks is there">Their files are missing from the music folder. Once they are back, they are the same tracks.</Empty>
      ) : (
        <AlbumTracks album={album} owners={new Set(album.artists.map((one) => one.id))} />
      )}
      <section class="music-section" aria-label="About">
        <dl class="music-facts">
          <Fact name="Released" value={album.released_on === '' ? null : released(album.released_on)} />
          <Fact name="Label" value={album.label} />
          <Fact name="UPC" value={album.upc} />
        </dl>
        {album.genres.length === 0 ? null : (
          <ul class="chips" aria-label="Genres">
            {album.genres.map((genre) => (
              <li key={genre}>
                <a href={to(['genres', folded(genre)])}>{genre}</a>
              </li>
            ))}
          </ul>
        )}
      </section>
      {artist === undefined ? null : <MoreOf artist={artist} but={album.id} />}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | null }): JSX.Element | null {
  return value === null || value === '' ? null : (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Other albums of whose this one is. */
function MoreOf({ artist, but }: { artist: Shape<'MusicArtistName'>; but: string }): JSX.Element | null {
  const albums = useAnswer((signal) => get('/api/v1/artists/{id}/albums', { path: { id: artist.id }, query: { part: 'own', limit: 9 }, signal }), [artist.id]);
  const others = (albums.value?.items ?? []).filter((one) => one.id !== but).slice(0, 8);
  if (others.length === 0) return null;
  return (
    <section class="music-section" aria-label={`More by ${artist.name}`}>
      <div class="music-section-line">
        <h2>More by {artist.name}</h2>
        <a href={to(['artists', artist.id])}>Show all</a>
      </div>
      <Shelf label={`More by ${artist.name}`}>
        {others.map((album) => (
          <AlbumTile key={album.id} album={album} below="year" />
        ))}
      </Shelf>
    </section>
  );
}

/** A genre's key, as the server folds it. */
export function folded(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const spaced = plain.replace(/[-/_&+]/gu, ' ').replace(/[!-,.:-@[-^`{-~]/gu, '').replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
  return spaced === '' ? text.trim().toLowerCase() : spaced;
}
