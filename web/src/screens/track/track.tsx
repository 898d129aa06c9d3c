// A track: who made it, its words, and what else there is of it.

import type { JSX } from 'preact';
import { useAnswer } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { title } from '../../figures/format';
import { Credits } from '../../music/credits';
import { HeadWaiting, MusicHead, PlayAll } from '../../music/head';
import { plain } from '../../music/lyrics';
import { Artists, Explicit, length } from '../../music/names';
import { playList, queued, toggle } from '../../music/playback';
import { SaveButton } from '../../music/saved';
import { menuOf, TracksWaiting } from '../../music/tracks';
import { Answered } from '../../parts/answered';
import { Menu } from '../../parts/menu';
import { Notice } from '../../parts/notice';
import { nowPlaying, pause, status } from '../../player';
import { to } from '../../router';
import { may } from '../../session/session';
import { Earned } from '../now-playing/earned';
import type { ScreenProps } from '../routes';

type Track = Shape<'MusicTrack'>;

export default function TrackScreen({ params }: ScreenProps): JSX.Element {
  const id = params['id'] ?? '';
  const track = useAnswer((signal) => get('/api/v1/tracks/{id}', { path: { id }, signal }), [id]);
  return (
    <Answered of={track} skeleton={<><HeadWaiting /><TracksWaiting rows={4} /></>}>
      {(found) => <TrackPage track={found} />}
    </Answered>
  );
}

function TrackPage({ track }: { track: Track }): JSX.Element {
  const lines = track.lyrics?.plain ?? plain(track.lyrics?.synced);
  const from = { label: track.album.title, href: to(['albums', track.album.id]) };
  const mine = nowPlaying.value?.id === track.id;
  const sounds = mine && (status.value === 'playing' || status.value === 'waiting');
  return (
    <div class="screen">
      <MusicHead
        picture={track.album.cover}
        seed={track.album.id}
        title={track.title}
        kind="Track"
        facts={
          <>
            <Artists of={[...track.artists, ...track.featured]} /> · <a href={from.href}>{track.album.title}</a>
            {track.album.released_on === '' ? '' : ` · ${track.album.released_on.slice(0, 4)}`} · {length(track.duration_ms)} <Explicit is={track.explicit} />
          </>
        }
        actions={
          <>
            {track.available ? <PlayAll plays={sounds} onPress={sounds ? pause : mine ? toggle : () => playList([queued(track, track.album, from)])} /> : null}
            <SaveButton kind="tracks" id={track.id} name={track.title} />
            <Menu label={`More for ${track.title}`} items={menuOf({ track, album: track.album }, from).filter((item) => item.label !== 'About the track')} />
          </>
        }
      />
      {track.available ? null : (
        <Notice tone="wait" title="Its file is missing">
          Once it is back in the music folder, wherever there, it can be heard again.
        </Notice>
      )}
      <div class={lines === null ? undefined : 'track-page'}>
        {lines === null ? null : (
          <section class="music-section" aria-label="Lyrics">
            <h2>Lyrics</h2>
            <p class="music-lines">{lines}</p>
          </section>
        )}
        <section class="music-section" aria-label="Credits">
          <h2>Credits</h2>
          <Credits track={track} />
          {may('royalty:read') ? <Earned trackId={track.id} /> : null}
        </section>
      </div>
      {track.relations.length === 0 ? null : (
        <section class="music-section" aria-label="Related">
          <h2>Related</h2>
          <ul>
            {track.relations.map((relation) => (
              <li key={`${relation.kind} ${relation.other.id} ${relation.is_of_other}`}>
                {relation.is_of_other ? `${title(relation.kind)} of ` : `${title(relation.kind)}: `}
                <a href={to(['tracks', relation.other.id])}>{relation.other.title}</a> by <Artists of={relation.other.artists} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
