// Puts tracks into a playlist of one's own, or a new one.

import './add-to-playlist.css';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useDoing } from '../api/doing';
import { counted } from '../figures/format';
import { Skeleton } from '../parts/answered';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { TextField } from '../parts/field';
import { Refused } from '../parts/notice';
import { hint } from '../parts/toast';
import { to } from '../router';
import { Mosaic } from './cover';
import type { Track } from './playback';
import { addTracks, makePlaylist, ownPlaylists, refreshPlaylists } from './playlists';
import { toBeAdded } from './tracks';

export function AddToPlaylist(): JSX.Element {
  const tracks = toBeAdded.value;
  const close = (): void => {
    toBeAdded.value = null;
  };
  const title = tracks === null ? 'Add to playlist' : tracks.length === 1 ? `Add “${tracks[0]?.title ?? ''}” to` : `Add ${counted(tracks.length, 'track')} to`;
  return (
    <Dialog title={title} open={tracks !== null} onClose={close}>
      {tracks === null ? null : <Choose tracks={tracks} onDone={close} />}
    </Dialog>
  );
}

function Choose({ tracks, onDone }: { tracks: readonly Track[]; onDone: () => void }): JSX.Element {
  const [name, setName] = useState('');
  const fetching = useDoing();
  const adding = useDoing();
  useEffect(() => void fetching.run(refreshPlaylists), []);
  const lists = ownPlaylists.value;
  const ids = tracks.map((track) => track.id);
  const add = (id: string, called: string): Promise<void> =>
    addTracks(id, ids).then(() => {
      hint(tracks.length === 1 ? `${tracks[0]?.title ?? ''} is in ${called}.` : `${counted(tracks.length, 'track')} are in ${called}.`, 'plain', { label: 'Open it', href: to(['playlists', id]) });
      onDone();
    });
  return (
    <>
      {adding.refusal === undefined ? null : <Refused refusal={adding.refusal} />}
      <form
        class="add-new"
        onSubmit={(event) => {
          event.preventDefault();
          const called = name.trim();
          if (called === '') return;
          void adding.run(async () => add((await makePlaylist(called)).id, called));
        }}
      >
        <TextField label="New playlist" value={name} onInput={setName} lengthMax={200} placeholder="Its name" />
        <Button submits look="primary" icon="plus" busy={adding.busy} disabled={name.trim() === ''}>
          Make it
        </Button>
      </form>
      {fetching.refusal === undefined ? null : <Refused refusal={fetching.refusal} onAgain={() => void fetching.run(refreshPlaylists)} />}
      {lists === undefined ? (
        fetching.refusal === undefined ? <Skeleton rows={3} /> : null
      ) : lists.length === 0 ? (
        <p class="soft small">You have no playlists yet: name one, and what you chose is in it.</p>
      ) : (
        <ul class="add-lists" aria-label="Your playlists">
          {lists.map((list) => (
            <li key={list.id}>
              <button type="button" class="add-list" aria-disabled={adding.busy || undefined} onClick={() => void adding.run(() => add(list.id, list.name))}>
                <span class="add-cover">
                  <Mosaic pictures={list.covers} seed={list.id} title={list.name} width={44} />
                </span>
                <span class="add-names">
                  <span class="add-name">{list.name}</span>
                  <span class="faint small">{counted(list.item_count, 'track')}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
