// What one keeps: playlists, liked tracks, saved albums, artists whom one follows, and what one heard.

import './library.css';
import '../../music/head.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAnswer, usePages } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { counted } from '../../figures/format';
import { PlayAll } from '../../music/head';
import { playList, playShuffled, toggle } from '../../music/playback';
import { albumOf, entriesOf, makePlaylist, ownPlaylists, refreshPlaylists } from '../../music/playlists';
import { savedChanges } from '../../music/saved';
import { AlbumTile, ArtistTile, PlaylistTile, Tiles, TilesWaiting } from '../../music/tiles';
import { TrackList, TracksWaiting } from '../../music/tracks';
import { Answered, AnsweredPages, Empty } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Dialog, DialogActions } from '../../parts/dialog';
import { Choices, TextField } from '../../parts/field';
import { Icon } from '../../parts/icon';
import { Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Sign } from '../../parts/sign';
import { nowPlaying, pause, status } from '../../player';
import { go, requery, to } from '../../router';
import type { ScreenProps } from '../routes';

const VIEWS = [
  { value: 'playlists', label: 'Playlists' },
  { value: 'tracks', label: 'Liked tracks' },
  { value: 'albums', label: 'Albums' },
  { value: 'artists', label: 'Artists' },
  { value: 'heard', label: 'Last heard' },
] as const;
type View = (typeof VIEWS)[number]['value'];

const PAGE = 50;

export default function LibraryScreen({ query }: ScreenProps): JSX.Element {
  const view: View = VIEWS.find((one) => one.value === query.get('view'))?.value ?? 'playlists';
  const [making, setMaking] = useState(false);
  return (
    <Screen
      title="Your library"
      actions={
        <Button icon="plus" onPress={() => setMaking(true)}>
          New playlist
        </Button>
      }
    >
      <div class="library-views">
        <Choices label="What is shown" value={view} options={VIEWS} onChange={(chosen) => requery({ view: chosen === 'playlists' ? null : chosen })} />
      </div>
      {view === 'playlists' ? <Playlists onMake={() => setMaking(true)} /> : view === 'tracks' ? <Liked /> : view === 'heard' ? <Heard /> : <SavedTiles key={view} kind={view} />}
      <NewPlaylist open={making} onClose={() => setMaking(false)} />
    </Screen>
  );
}

function Playlists({ onMake }: { onMake: () => void }): JSX.Element {
  const fetched = useAnswer(async () => {
    await refreshPlaylists();
    return true;
  }, []);
  const lists = ownPlaylists.value;
  return (
    <Answered of={lists === undefined ? fetched : { ...fetched, value: true }} skeleton={<TilesWaiting count={6} />}>
      {() =>
        lists === undefined || lists.length === 0 ? (
          <>
            <Empty title="You have no playlists yet">Make one, and fill it by “Add to playlist” in the menu of any track.</Empty>
            <p>
              <Button look="primary" icon="plus" onPress={onMake}>
                Make a playlist
              </Button>
            </p>
          </>
        ) : (
          <Tiles label="Your playlists">
            {lists.map((list) => (
              <PlaylistTile key={list.id} list={list} />
            ))}
          </Tiles>
        )
      }
    </Answered>
  );
}

const LIKED = { label: 'Liked tracks', href: '#/library?view=tracks' };

function Liked(): JSX.Element {
  const liked = usePages<Shape<'SavedItem'>, string>((after, signal) => get('/api/v1/me/saved/{kind}', { path: { kind: 'tracks' }, query: { limit: PAGE, ...(after === undefined ? {} : { after }) }, signal }), [savedChanges.value]);
  const mine = nowPlaying.value?.shown?.from?.href === LIKED.href;
  const sounds = mine && (status.value === 'playing' || status.value === 'waiting');
  return (
    <AnsweredPages of={liked} skeleton={<TracksWaiting covers />}>
      {(items) => {
        const list = entriesOf(items, LIKED);
        return items.length === 0 ? (
          <Empty title="You like no tracks yet">Press the heart of a track, or L while it plays.</Empty>
        ) : (
          <>
            <div class="library-actions">
              <PlayAll plays={sounds} onPress={sounds ? pause : mine ? toggle : () => playList(list)} />
              <Sign label="Shuffle liked tracks" onPress={() => playShuffled(list)}>
                <Icon name="shuffle" size={22} />
              </Sign>
            </div>
            <TrackList label="Liked tracks" from={LIKED} numbers="place" covers albums entries={items.flatMap(({ id, track, gone }) => (track === undefined ? [] : [{ key: id, track: { ...track, available: !gone }, album: albumOf(track) }]))} />
          </>
        );
      }}
    </AnsweredPages>
  );
}

function Heard(): JSX.Element {
  const heard = usePages<Shape<'RecentPlay'>, string>((after, signal) => get('/api/v1/me/recently-played', { query: { limit: PAGE, ...(after === undefined ? {} : { after }) }, signal }), []);
  return (
    <AnsweredPages of={heard} skeleton={<TracksWaiting covers />}>
      {(items) =>
        items.length === 0 ? (
          <Empty title="You have heard nothing yet">What you play stands here for ninety days.</Empty>
        ) : (
          <TrackList
            label="Last heard"
            from={{ label: 'Last heard', href: '#/library?view=heard' }}
            numbers="place"
            covers
            albums
            entries={items.flatMap(({ track, gone, played_at }, at) => (track === undefined ? [] : [{ key: `${played_at} ${at}`, track: { ...track, available: !gone }, album: albumOf(track) }]))}
          />
        )
      }
    </AnsweredPages>
  );
}

function SavedTiles({ kind }: { kind: 'albums' | 'artists' }): JSX.Element {
  const saved = usePages<Shape<'SavedItem'>, string>((after, signal) => get('/api/v1/me/saved/{kind}', { path: { kind }, query: { limit: PAGE, ...(after === undefined ? {} : { after }) }, signal }), [kind]);
  return (
    <AnsweredPages of={saved} skeleton={<TilesWaiting count={6} />}>
      {(items) =>
        items.length === 0 ? (
          kind === 'albums' ? (
            <Empty title="You have saved no albums yet">Press “Save” on an album’s page.</Empty>
          ) : (
            <Empty title="You follow nobody yet">Press “Follow” on an artist’s page.</Empty>
          )
        ) : (
          <Tiles label={kind === 'albums' ? 'Saved albums' : 'Artists whom you follow'}>
            {items.map(({ id, album, artist }) => (album !== undefined ? <AlbumTile key={id} album={album} /> : artist !== undefined ? <ArtistTile key={id} artist={artist} /> : null))}
          </Tiles>
        )
      }
    </AnsweredPages>
  );
}

/** Names a playlist, makes it, and goes there. */
function NewPlaylist({ open, onClose }: { open: boolean; onClose: () => void }): JSX.Element {
  const [name, setName] = useState('');
  const making = useDoing();
  const number = (ownPlaylists.value?.length ?? 0) + 1;
  const make = (): void =>
    void making.run(async () => {
      const made = await makePlaylist(name.trim() === '' ? `My playlist ${number}` : name.trim());
      setName('');
      onClose();
      go(to(['playlists', made.id]));
    });
  return (
    <Dialog title="New playlist" open={open} onClose={onClose}>
      <form
        class="library-new"
        onSubmit={(event) => {
          event.preventDefault();
          make();
        }}
      >
        {making.refusal === undefined ? null : <Refused refusal={making.refusal} />}
        <TextField label="Name" value={name} onInput={setName} lengthMax={200} placeholder={`My playlist ${number}`} />
        <p class="soft small">{ownPlaylists.value === undefined || ownPlaylists.value.length === 0 ? 'It is yours alone until you make it public.' : `You have ${counted(ownPlaylists.value.length, 'playlist')}.`}</p>
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button submits look="primary" busy={making.busy}>
            Make it
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
