// An artist: who it is, its albums, and where else it is heard.

import type { JSX } from 'preact';
import { useAnswer, usePages } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { counted } from '../../figures/format';
import { HeadWaiting, MusicHead, PlayAll } from '../../music/head';
import { type AlbumRef, playList, playShuffled, queued, toggle, type Track } from '../../music/playback';
import { albumOf } from '../../music/playlists';
import { SaveButton } from '../../music/saved';
import { AlbumTile, Tiles, TilesWaiting } from '../../music/tiles';
import { TrackList, TracksWaiting } from '../../music/tracks';
import { Answered, AnsweredPages, Empty } from '../../parts/answered';
import { Icon } from '../../parts/icon';
import { nowPlaying, pause, status } from '../../player';
import { Sign } from '../../parts/sign';
import { to } from '../../router';
import type { ScreenProps } from '../routes';

const PARTS = [
  { part: 'own', title: 'Albums' },
  { part: 'guest', title: 'Appears on' },
  { part: 'credit', title: 'Credits' },
] as const;
type Part = (typeof PARTS)[number]['part'];

export default function ArtistScreen({ params }: ScreenProps): JSX.Element {
  const id = params['id'] ?? '';
  const artist = useAnswer((signal) => get('/api/v1/artists/{id}', { path: { id }, signal }), [id]);
  return (
    <Answered
      of={artist}
      skeleton={
        <>
          <HeadWaiting round />
          <TilesWaiting count={6} />
        </>
      }
    >
      {(found) => (
        <div class="screen">
          <MusicHead
            picture={found.picture}
            seed={found.id}
            title={found.name}
            kind="Artist"
            round
            facts={[counted(found.albums, 'album'), ...(found.followers === undefined ? [] : [counted(found.followers, 'follower')])].join(' · ')}
            actions={
              <>
                <PlayArtist id={id} name={found.name} />
                <SaveButton kind="artists" id={id} name={found.name} />
              </>
            }
          />
          <Popular id={id} name={found.name} />
          {PARTS.map(({ part, title }) => (
            <Albums key={`${id} ${part}`} id={id} part={part} title={title} />
          ))}
          {found.biography === '' ? null : (
            <section class="music-section" aria-label="About">
              <h2>About</h2>
              <p class="music-text">{found.biography}</p>
            </section>
          )}
        </div>
      )}
    </Answered>
  );
}

/** So many tracks are shown as popular; the newest albums are looked through for them. */
const POPULAR = 5;
const ALBUMS_LOOKED_AT = 5;

/** What there is of an artist on its newest albums. */
async function newestTracks(id: string, signal?: AbortSignal): Promise<{ track: Track; album: AlbumRef }[]> {
  const asked = (part: Part) => get('/api/v1/artists/{id}/albums', { path: { id }, query: { part, limit: ALBUMS_LOOKED_AT }, ...(signal === undefined ? {} : { signal }) });
  const own = await asked('own');
  const { items } = own.items.length > 0 ? own : await asked('guest');
  const albums = await Promise.all(items.map((album) => get('/api/v1/albums/{id}', { path: { id: album.id }, ...(signal === undefined ? {} : { signal }) })));
  const tracks = albums.flatMap((album) => album.tracks.map((track) => ({ track, album })));
  return own.items.length > 0 ? tracks : tracks.filter(({ track }) => [...track.artists, ...track.featured].some((artist) => artist.id === id));
}

/** What was heard most of late; where nothing was, what came out last. */
function Popular({ id, name }: { id: string; name: string }): JSX.Element | null {
  const found = useAnswer(
    async (signal) => {
      const charts = await get('/api/v1/charts/{kind}', { path: { kind: 'tracks' }, query: { period: 'week' }, signal }).catch(() => null);
      const ranked = (charts?.items ?? []).flatMap(({ track, plays, gone }) =>
        track !== undefined && !gone && [...track.artists, ...track.featured].some((artist) => artist.id === id) ? [{ key: track.id, track, album: albumOf(track), plays }] : [],
      );
      const newest = (await newestTracks(id, signal)).map(({ track, album }) => ({ key: track.id, track, album }));
      const known = new Set(ranked.map(({ key }) => key));
      return { isRanked: ranked.length > 0, entries: [...ranked, ...newest.filter(({ key, track }) => track.available && !known.has(key))].slice(0, POPULAR) };
    },
    [id],
  );
  const entries = found.value?.entries ?? [];
  if (found.value !== undefined && entries.length === 0) return null;
  const title = found.value?.isRanked === true ? 'Popular this week' : 'Tracks';
  return (
    <section class="music-section" aria-label={title}>
      <h2>{title}</h2>
      <Answered of={found} skeleton={<TracksWaiting rows={POPULAR} covers />}>
        {() => <TrackList label={title} entries={entries} from={{ label: name, href: to(['artists', id]) }} numbers="place" covers albums owners={new Set([id])} />}
      </Answered>
    </section>
  );
}

function Albums({ id, part, title }: { id: string; part: Part; title: string }): JSX.Element | null {
  const albums = usePages<Shape<'MusicAlbumSummary'>, string>(
    (after, signal) => get('/api/v1/artists/{id}/albums', { path: { id }, query: after === undefined ? { part } : { part, after }, signal }),
    [id, part],
  );
  if (part !== 'own' && (albums.items === undefined || albums.items.length === 0) && albums.refusal === undefined) return null;
  return (
    <section class="music-section" aria-label={title}>
      <h2>{title}</h2>
      <AnsweredPages of={albums} skeleton={<TilesWaiting count={4} />}>
        {(items) =>
          items.length === 0 ? (
            <Empty title="No albums of its own" />
          ) : (
            <Tiles label={title}>
              {items.map((album) => (
                <AlbumTile key={album.id} album={album} below={part === 'own' ? 'year' : 'artists'} />
              ))}
            </Tiles>
          )
        }
      </AnsweredPages>
    </section>
  );
}

/** Plays the newest albums, one behind the other. */
function PlayArtist({ id, name }: { id: string; name: string }): JSX.Element {
  const playing = useDoing();
  const from = { label: name, href: to(['artists', id]) };
  const mine = nowPlaying.value?.shown?.from?.href === from.href;
  const sounds = mine && (status.value === 'playing' || status.value === 'waiting');
  const begin = (how: typeof playList | typeof playShuffled) => (): void =>
    void playing.run(async () => {
      how((await newestTracks(id)).map(({ track, album }) => queued(track, album, from)));
    });
  return (
    <>
      <PlayAll plays={sounds} busy={playing.busy} onPress={sounds ? pause : mine ? toggle : begin(playList)} />
      <Sign label={`Shuffle ${name}`} onPress={begin(playShuffled)}>
        <Icon name="shuffle" size={22} />
      </Sign>
      {playing.refusal === undefined ? null : <p role="alert">{playing.refusal.message}</p>}
    </>
  );
}
