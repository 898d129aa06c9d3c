// A playlist: what is in it, in its order; whoever it belongs to changes all of that.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../../api/answer';
import { get } from '../../api/client';
import { useDoing } from '../../api/doing';
import { refusalOf } from '../../api/problem';
import { count, counted } from '../../figures/format';
import { HeadWaiting, MusicHead, PlayAll } from '../../music/head';
import { longLength } from '../../music/names';
import { addToQueue, playList, playNext, playShuffled, toggle } from '../../music/playback';
import { albumOf, changePlaylist, deletePlaylist, entriesOf, itemsOf, moveItem, type Playlist, type PlaylistItem, removeItems } from '../../music/playlists';
import { type TrackEntry, TrackList, TracksWaiting } from '../../music/tracks';
import { announce } from '../../parts/announce';
import { Answered, Empty } from '../../parts/answered';
import { Button, LinkButton } from '../../parts/button';
import { Dialog, DialogActions } from '../../parts/dialog';
import { CheckField, TextField } from '../../parts/field';
import { Icon } from '../../parts/icon';
import { Menu, type MenuItem } from '../../parts/menu';
import { Refused } from '../../parts/notice';
import { Sign } from '../../parts/sign';
import { hint } from '../../parts/toast';
import { nowPlaying, pause, status } from '../../player';
import { go, to } from '../../router';
import type { ScreenProps } from '../routes';

export default function PlaylistScreen({ params }: ScreenProps): JSX.Element {
  const id = params['id'] ?? '';
  const found = useAnswer(
    async (signal) => {
      const [list, items] = await Promise.all([get('/api/v1/playlists/{id}', { path: { id }, signal }), itemsOf(id, signal)]);
      return { list, ...items };
    },
    [id],
  );
  return (
    <Answered
      of={found}
      skeleton={
        <>
          <HeadWaiting />
          <TracksWaiting covers />
        </>
      }
    >
      {({ list, items, whole }) => <PlaylistPage key={list.id} list={list} items={items} whole={whole} onAgain={found.again} />}
    </Answered>
  );
}

interface PageProps {
  list: Playlist;
  items: readonly PlaylistItem[];
  whole: boolean;
  onAgain: () => void;
}

function PlaylistPage({ list, items: fetched, whole, onAgain }: PageProps): JSX.Element {
  // What is done shows at once; the server's answer is what stays.
  const [items, setItems] = useState(fetched);
  useEffect(() => setItems(fetched), [fetched]);
  const [editing, setEditing] = useState<'words' | 'end' | null>(null);
  const href = to(['playlists', list.id]);
  const from = { label: list.name, href };
  const tracks = entriesOf(items, from);
  const mine = nowPlaying.value?.shown?.from?.href === href;
  const sounds = mine && (status.value === 'playing' || status.value === 'waiting');
  const entries: TrackEntry[] = items.flatMap(({ item_id, track, gone }) => (track === undefined ? [] : [{ key: item_id, track: { ...track, available: !gone }, album: albumOf(track) }]));
  const unknown = items.filter(({ track }) => track === undefined);
  const ms = entries.reduce((sum, { track }) => sum + track.duration_ms, 0);

  const doing = async (now: readonly PlaylistItem[], work: () => Promise<void>): Promise<void> => {
    const before = items;
    setItems(now);
    try {
      await work();
    } catch (thrown) {
      setItems(before);
      hint(`${list.name}: ${refusalOf(thrown).message}`, 'bad');
    }
    onAgain();
  };
  const take = (ids: readonly string[]): void => {
    const gone = new Set(ids);
    void doing(
      items.filter(({ item_id }) => !gone.has(item_id)),
      () => removeItems(list.id, ids),
    ).then(() => announce(`${counted(ids.length, 'track')} taken out.`));
  };
  const move = (fromAt: number, toAt: number): void => {
    // Places are those of the list that is seen; what the library doesn't know any more isn't in it.
    const seen = items.filter(({ track }) => track !== undefined);
    const [moved] = seen.splice(fromAt, 1);
    if (moved === undefined) return;
    const before = seen[toAt]?.item_id ?? null;
    seen.splice(toAt, 0, moved);
    void doing([...seen, ...unknown], () => moveItem(list.id, moved.item_id, before));
  };
  const more = ({ key }: TrackEntry): MenuItem[] => (list.is_own ? [{ label: 'Remove from this playlist', icon: 'bin', danger: true, apart: true, act: () => take([key]) }] : []);
  const menu: MenuItem[] = [
    ...(tracks.length === 0
      ? []
      : ([
          { label: 'Play next', icon: 'next', act: () => playNext(tracks) },
          { label: 'Add to queue', icon: 'up_next', act: () => addToQueue(tracks) },
        ] as const)),
    ...(list.is_own
      ? ([
          { label: 'Name and description…', icon: 'pencil', act: () => setEditing('words') },
          { label: 'Delete the playlist…', icon: 'bin', danger: true, apart: true, act: () => setEditing('end') },
        ] as const)
      : []),
  ];
  return (
    <div class="screen">
      <MusicHead
        picture={null}
        pictures={list.covers}
        seed={list.id}
        title={list.name}
        kind={list.public ? 'Public playlist' : 'Playlist'}
        about={list.description}
        facts={items.length === 0 ? 'Nothing in it yet' : `${counted(list.item_count, 'track')}, ${longLength(ms)}`}
        actions={
          <>
            {tracks.length === 0 ? null : (
              <>
                <PlayAll plays={sounds} onPress={sounds ? pause : mine ? toggle : () => playList(tracks)} />
                <Sign label={`Shuffle ${list.name}`} onPress={() => playShuffled(tracks)}>
                  <Icon name="shuffle" size={22} />
                </Sign>
              </>
            )}
            {list.is_own ? (
              <Button icon="pencil" onPress={() => setEditing('words')}>
                Edit
              </Button>
            ) : null}
            {menu.length === 0 ? null : <Menu label={`More for ${list.name}`} items={menu} />}
          </>
        }
      />
      {items.length === 0 ? (
        <>
          <Empty title="This playlist is empty">Add tracks by “Add to playlist” in their menus, one or several at once.</Empty>
          <p>
            <LinkButton href="#/listen">Find tracks</LinkButton>
          </p>
        </>
      ) : (
        <TrackList
          label={`Tracks of ${list.name}`}
          entries={entries}
          from={from}
          numbers="place"
          covers
          albums
          more={more}
          {...(list.is_own ? { onMove: move, withChosen: { label: 'Remove', act: (chosen: readonly TrackEntry[]) => take(chosen.map(({ key }) => key)) } } : {})}
        />
      )}
      {unknown.length === 0 ? null : <p class="soft small">{unknown.length === 1 ? 'One track of it is' : `${count(unknown.length)} tracks of it are`} not in the library any more.</p>}
      {whole ? null : <p class="soft small">The playlist is longer: only its first {count(items.length)} tracks are shown.</p>}
      <Words list={list} open={editing === 'words'} onClose={() => setEditing(null)} onDone={onAgain} />
      <End list={list} open={editing === 'end'} onClose={() => setEditing(null)} />
    </div>
  );
}

function Words({ list, open, onClose, onDone }: { list: Playlist; open: boolean; onClose: () => void; onDone: () => void }): JSX.Element {
  const [name, setName] = useState(list.name);
  const [description, setDescription] = useState(list.description);
  const [isPublic, setPublic] = useState(list.public);
  const changing = useDoing();
  const change = (): void =>
    void changing.run(async () => {
      await changePlaylist(list.id, { name: name.trim(), description: description.trim(), public: isPublic });
      onDone();
      onClose();
      announce('The playlist is changed.');
    });
  return (
    <Dialog title="Edit the playlist" open={open} onClose={onClose}>
      <form
        class="screen"
        onSubmit={(event) => {
          event.preventDefault();
          change();
        }}
      >
        {changing.refusal === undefined ? null : <Refused refusal={changing.refusal} />}
        <TextField label="Name" value={name} onInput={setName} lengthMax={200} required />
        <TextField label="Description" value={description} onInput={setDescription} lengthMax={2000} lines={3} />
        <CheckField label="Public" checked={isPublic} onChange={setPublic} hint="Whoever is signed in and has its address may hear it. Only you change it." />
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button submits look="primary" busy={changing.busy} disabled={name.trim() === ''}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function End({ list, open, onClose }: { list: Playlist; open: boolean; onClose: () => void }): JSX.Element {
  const deleting = useDoing();
  const end = (): void =>
    void deleting.run(async () => {
      await deletePlaylist(list.id);
      go('#/library');
      hint(`${list.name} is deleted.`);
    });
  return (
    <Dialog title={`Delete “${list.name}”?`} open={open} onClose={onClose}>
      {deleting.refusal === undefined ? null : <Refused refusal={deleting.refusal} />}
      <p>The tracks stay where they are. The playlist can’t be brought back.</p>
      <DialogActions>
        <Button onPress={onClose}>Keep it</Button>
        <Button look="danger" busy={deleting.busy} onPress={end}>
          Delete it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
