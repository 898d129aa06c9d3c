// Where somebody who listens arrives: what they heard last, what came out, what they keep.

import './home.css';
import '../../music/head.css';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { type Answering, useAnswer } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { Cover } from '../../music/cover';
import { albumOf, ownPlaylists, refreshPlaylists, type TrackLine } from '../../music/playlists';
import { AlbumTile, PlaylistTile, PlayTile, Shelf, TilesWaiting } from '../../music/tiles';
import { TrackList } from '../../music/tracks';
import { queued } from '../../music/playback';
import { Answered, Empty } from '../../parts/answered';
import { LinkButton } from '../../parts/button';
import { Screen } from '../../parts/screen';
import { counts } from '../../player';
import { to } from '../../router';
import { may, session } from '../../session/session';

const NEW = 12;
const RECENT = 40;
const QUICK = 6;
const LAST_TRACKS = 5;

export default function HomeScreen(): JSX.Element {
  const name = session.value?.account?.name ?? '';
  const newest = useAnswer((signal) => get('/api/v1/albums', { query: { order: 'newest', limit: NEW }, signal }), []);
  const added = useAnswer((signal) => get('/api/v1/albums', { query: { order: 'added', limit: NEW }, signal }), []);
  // A play that counts now is one that was heard.
  const recent = useAnswer((signal) => get('/api/v1/me/recently-played', { query: { limit: RECENT }, signal }), [counts.value]);
  const saved = useAnswer((signal) => get('/api/v1/me/saved/{kind}', { path: { kind: 'albums' }, query: { limit: NEW }, signal }), []);
  useEffect(() => void refreshPlaylists().catch(() => {}), []);
  const lists = ownPlaylists.value ?? [];
  return (
    <Screen title="Home" note={`${greeting(new Date().getHours())}, ${name}.`}>
      <Answered of={newest} skeleton={<TilesWaiting count={6} />}>
        {({ items }) =>
          items.length === 0 ? (
            <NoMusic />
          ) : (
            <>
              <Recent of={recent} />
              <Row title="New releases" more="#/listen">
                {items.map((album) => (
                  <AlbumTile key={album.id} album={album} />
                ))}
              </Row>
              {lists.length === 0 ? null : (
                <Row title="Your playlists" more="#/library">
                  {lists.slice(0, NEW).map((list) => (
                    <PlaylistTile key={list.id} list={list} />
                  ))}
                </Row>
              )}
              {(saved.value?.items ?? []).length === 0 ? null : (
                <Row title="Saved albums" more="#/library?view=albums">
                  {saved.value?.items.flatMap(({ album }) => (album === undefined ? [] : [<AlbumTile key={album.id} album={album} />]))}
                </Row>
              )}
              {sameAlbums(items, added.value?.items ?? []) ? null : (
                <Row title="Recently added" more="#/listen?order=added">
                  {added.value?.items.map((album) => (
                    <AlbumTile key={album.id} album={album} />
                  ))}
                </Row>
              )}
              <LastHeard of={recent} />
            </>
          )
        }
      </Answered>
    </Screen>
  );
}

function Row({ title, more, children }: { title: string; more: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="music-section" aria-label={title}>
      <div class="music-section-line">
        <h2>{title}</h2>
        <a href={more} aria-label={`Show all: ${title}`}>
          Show all
        </a>
      </div>
      <Shelf label={title}>{children}</Shelf>
    </section>
  );
}

/** Albums that were heard of late, each once: one press goes on with it. */
function Recent({ of }: { of: Answering<Shape<'RecentPlayPage'>> }): JSX.Element | null {
  const lines = heard(of.value);
  const albums = [...new Map(lines.map((line) => [line.album_id, line])).values()].slice(0, QUICK);
  if (albums.length === 0) return null;
  return (
    <section class="music-section" aria-label="Recently played">
      <h2 class="unseen">Recently played</h2>
      <ul class="quick">
        {albums.map((line) => {
          const href = to(['albums', line.album_id]);
          const tracks = async () => {
            const whole = await get('/api/v1/albums/{id}', { path: { id: line.album_id } });
            return whole.tracks.map((track) => queued(track, whole));
          };
          return (
            <li key={line.album_id} class="quick-tile tile">
              <a class="quick-link" href={href}>
                <span class="quick-cover">
                  <Cover picture={line.cover} seed={line.album_id} title={line.album} width={64} eager />
                </span>
                <span class="quick-name">{line.album}</span>
              </a>
              <PlayTile name={line.album} href={href} tracks={tracks} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function LastHeard({ of }: { of: Answering<Shape<'RecentPlayPage'>> }): JSX.Element | null {
  const lines = [...new Map(heard(of.value).map((line) => [line.id, line])).values()].slice(0, LAST_TRACKS);
  if (lines.length === 0) return null;
  return (
    <section class="music-section" aria-label="Last heard">
      <div class="music-section-line">
        <h2>Last heard</h2>
        <a href="#/library?view=heard" aria-label="Show all: last heard">
          Show all
        </a>
      </div>
      <TrackList label="Last heard" entries={lines.map((line) => ({ key: line.id, track: line, album: albumOf(line) }))} from={{ label: 'Last heard', href: '#/library?view=heard' }} numbers="place" covers albums />
    </section>
  );
}

function heard(page: Shape<'RecentPlayPage'> | undefined): TrackLine[] {
  return (page?.items ?? []).flatMap(({ track, gone }) => (track === undefined || gone ? [] : [track]));
}

function NoMusic(): JSX.Element {
  const runs = may('access:write');
  return (
    <>
      <Empty title="There is no music here yet">
        {runs ? (
          <>
            Say where the music is: under People, or as <code>ledgerline serve --music DIR</code>. It is heard while the folder is still being read.
          </>
        ) : (
          'Once whoever runs this server has added some, it is here.'
        )}
      </Empty>
      {runs ? (
        <p>
          <LinkButton href="#/people">Set the music folder</LinkButton>
        </p>
      ) : null}
    </>
  );
}

function greeting(hour: number): string {
  if (hour < 5) return 'Good night';
  if (hour < 12) return 'Good morning';
  return hour < 18 ? 'Good afternoon' : 'Good evening';
}

function sameAlbums(one: readonly { id: string }[], other: readonly { id: string }[]): boolean {
  const ids = new Set(one.map(({ id }) => id));
  return other.every(({ id }) => ids.has(id));
}
