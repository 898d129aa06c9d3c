// What sounds, large: the cover, what steers it, its words, who made it, and for who is paid by it what it earned.

import './now-playing.css';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAnswer } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { Cover } from '../../music/cover';
import { Credits } from '../../music/credits';
import { synced, plain } from '../../music/lyrics';
import { Artists, Explicit } from '../../music/names';
import { LikeButton, useSaved } from '../../music/saved';
import { Empty } from '../../parts/answered';
import { Icon } from '../../parts/icon';
import { Screen } from '../../parts/screen';
import { nowPlaying, type QueuedTrack } from '../../player';
import { Sign } from '../../parts/sign';
import { CountedTick, SeekBar, Transport } from '../../player-bar/controls';
import { visit } from '../../player-bar/keys';
import { soundShown } from '../../player-bar/sound';
import { to } from '../../router';
import { may } from '../../session/session';
import { PlainLyrics, SyncedLyrics } from './lyrics';
import { Earned } from './earned';

export default function NowPlayingScreen(): JSX.Element {
  const track = nowPlaying.value;
  if (track === null) {
    return (
      <Screen title="Now playing">
        <Empty title="Nothing is playing">
          Press play on an album or a track: its cover, its words and its credits stand here. <a href="#/listen">Find something to hear</a>
        </Empty>
      </Screen>
    );
  }
  return <Large key={track.id} track={track} />;
}

function Large({ track }: { track: QueuedTrack }): JSX.Element {
  const known = useAnswer((signal) => get('/api/v1/tracks/{id}', { path: { id: track.id }, signal }), [track.id]);
  useSaved('tracks', [track.id]);
  useEffect(() => {
    document.title = `${track.title ?? track.id} · Ledgerline`;
  }, [track.title]);
  const shown = track.shown;
  return (
    <div class="screen">
      <div class="large">
        <header class="large-top">
          <Sign label="Close" onPress={() => visit('now-playing')}>
            <Icon name="down" size={22} />
          </Sign>
          {shown?.from === null || shown?.from === undefined ? <span /> : (
            <p class="large-from">
              Playing from <a href={shown.from.href}>{shown.from.label}</a>
            </p>
          )}
          <span class="large-signs">
            <Sign
              label="Sound"
              onPress={() => {
                soundShown.value = true;
              }}
            >
              <Icon name="sound" size={20} />
            </Sign>
            <Sign label="Queue" onPress={() => visit('queue')}>
              <Icon name="up_next" size={20} />
            </Sign>
          </span>
        </header>
        <div class="large-main">
          <div class="large-cover">
            <Cover picture={shown?.picture ?? null} seed={shown?.albumId ?? track.id} title={track.album ?? ''} width={600} eager />
          </div>
          <div class="large-names">
            <div>
              <h1 class="large-title" tabIndex={-1}>
                <span class="unseen">Now playing: </span>
                <a href={to(['tracks', track.id])}>{track.title}</a> <Explicit is={shown?.explicit ?? false} />
              </h1>
              <p class="large-artists">{shown === undefined ? track.artist : <Artists of={shown.artists} />}</p>
            </div>
            <CountedTick />
            <LikeButton kind="tracks" id={track.id} name={track.title ?? ''} size={22} />
          </div>
          <div class="large-controls">
            <SeekBar />
            <Transport large />
          </div>
          {may('royalty:read') ? <Earned trackId={track.id} /> : null}
        </div>
        <div class="large-beside">{known.value === undefined ? null : <Beside track={known.value} />}</div>
      </div>
    </div>
  );
}

/** The words, and who made it: one of the two is seen. */
function Beside({ track }: { track: Shape<'MusicTrack'> }): JSX.Element {
  const lines = synced(track.lyrics?.synced);
  const words = track.lyrics?.plain ?? plain(track.lyrics?.synced);
  const hasWords = lines.length > 0 || words !== null;
  const [chosen, setChosen] = useState<'lyrics' | 'credits'>(hasWords ? 'lyrics' : 'credits');
  return (
    <>
      <div class="large-tabs" role="group" aria-label="What stands beside">
        {(['lyrics', 'credits'] as const).map((tab) => (
          <button key={tab} type="button" class="large-tab" aria-pressed={chosen === tab} onClick={() => setChosen(tab)}>
            {tab === 'lyrics' ? 'Lyrics' : 'Credits'}
          </button>
        ))}
      </div>
      {chosen === 'credits' ? (
        <section class="large-credits" aria-label="Credits">
          <Credits track={track} />
        </section>
      ) : lines.length > 0 ? (
        <SyncedLyrics lines={lines} />
      ) : words !== null ? (
        <PlainLyrics words={words} />
      ) : (
        <Empty title="There are no words for this track">They come from the tags of its file, or from an .lrc file beside it.</Empty>
      )}
    </>
  );
}
