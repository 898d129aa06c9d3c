// The bar below every screen: what sounds, and all that steers it. On a phone it is a strip above the navigation, which
// opens the large one.

import './player-bar.css';
import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { durationS, nowPlaying, positionS, type QueuedTrack, status, trouble, withMediaSession } from '../player';
import { AddToPlaylist } from '../music/add-to-playlist';
import { Cover } from '../music/cover';
import { keepQueue, leaveQueue } from '../music/keeping';
import { Artists, Explicit } from '../music/names';
import { toggle } from '../music/playback';
import { LikeButton, toggleSaved, useSaved } from '../music/saved';
import { announce } from '../parts/announce';
import { Button } from '../parts/button';
import { Icon } from '../parts/icon';
import { place, to } from '../router';
import { LISTENING } from '../screens/routes';
import { session } from '../session/session';
import { Sign } from '../parts/sign';
import { CountedTick, PlayButton, SeekBar, Transport, VolumeControl } from './controls';
import { Help } from './help';
import { helpShown, likeCurrent, useKeys, visit } from './keys';
import { Sound, soundShown } from './sound';

export default function PlayerBar(): JSX.Element {
  useKeys();
  const account = session.value?.account?.account_id;
  useEffect(() => withMediaSession(), []);
  useEffect(() => void keepQueue(), [account]);
  // Whoever signs out takes their music along.
  useEffect(() => leaveQueue, []);
  const track = nowPlaying.value;
  useEffect(() => {
    if (track !== null && status.peek() !== 'idle') announce(`Now: ${track.title ?? ''} by ${track.artist ?? ''}`);
  }, [track?.id]);
  const isShown = track !== null || LISTENING.has(place.value.parts[0] ?? '');
  useEffect(() => {
    document.documentElement.toggleAttribute('data-player', isShown);
    return () => document.documentElement.removeAttribute('data-player');
  }, [isShown]);
  const dialogs = (
    <>
      <Help />
      <Sound />
      <AddToPlaylist />
    </>
  );
  if (!isShown) return dialogs;
  return (
    <section class="player" aria-label="Player">
      <Trouble />
      <div class="player-strip" aria-hidden="true">
        <StripProgress />
      </div>
      <div class="player-row">
        <Current track={track} />
        <div class="player-middle">
          <Transport />
          <SeekBar />
        </div>
        <div class="player-end">
          <CountedTick />
          <Sign label="Now playing, with lyrics" pressed={isAt('now-playing')} onPress={() => visit('now-playing')}>
            <Icon name="lyrics" size={18} />
          </Sign>
          <Sign label="Queue" pressed={isAt('queue')} onPress={() => visit('queue')}>
            <Icon name="up_next" size={18} />
          </Sign>
          <VolumeControl />
          <span class="player-extra">
            <Sign
              label="Sound"
              onPress={() => {
                soundShown.value = true;
              }}
            >
              <Icon name="sound" size={18} />
            </Sign>
            <Sign
              label="Keyboard help"
              onPress={() => {
                helpShown.value = true;
              }}
            >
              <Icon name="help" size={18} />
            </Sign>
          </span>
        </div>
        <div class="player-short">
          {track === null ? null : <LikeButton kind="tracks" id={track.id} name={track.title ?? ''} size={20} />}
          <PlayButton quiet />
        </div>
      </div>
      {dialogs}
    </section>
  );
}

function isAt(where: string): boolean {
  return place.value.parts[0] === where;
}

function Current({ track }: { track: QueuedTrack | null }): JSX.Element {
  useSaved('tracks', track === null ? [] : [track.id]);
  likeCurrent.toggle = () => (track === null ? undefined : void toggleSaved('tracks', track.id, track.title ?? track.id));
  if (track === null) return <p class="player-current player-nothing">Nothing is playing. Press play on any album, or a track.</p>;
  const shown = track.shown;
  return (
    <div class="player-current">
      <a class="player-cover" href="#/now-playing" aria-label="Now playing">
        <Cover picture={shown?.picture ?? null} seed={shown?.albumId ?? track.id} title={track.album ?? ''} width={56} eager />
      </a>
      <div class="player-names">
        <p class="player-title">
          <a href={to(['tracks', track.id])}>{track.title ?? track.id}</a> <Explicit is={shown?.explicit ?? false} />
        </p>
        <p class="player-artists">{shown === undefined ? track.artist : <Artists of={shown.artists} />}</p>
      </div>
      <span class="player-like">
        <LikeButton kind="tracks" id={track.id} name={track.title ?? ''} />
      </span>
      {/* On a phone the whole strip opens the large one. */}
      <a class="player-open" href="#/now-playing" tabIndex={-1} aria-hidden="true" />
    </div>
  );
}

function StripProgress(): JSX.Element {
  const filled = useComputed(() => (durationS.value > 0 ? Math.min(1, positionS.value / durationS.value) : 0));
  return <span class="player-strip-filled" style={{ transform: `scaleX(${filled.value.toFixed(4)})` }} />;
}

/** Why there is no sound, and what to do. */
export function Trouble(): JSX.Element | null {
  if (trouble.value === '') return null;
  return (
    <div class="player-trouble" role="alert">
      <Icon name="warning" size={18} />
      <p>{trouble.value}</p>
      <Button onPress={toggle}>{status.value === 'failed' ? 'Try again' : 'Play'}</Button>
      <Button
        look="quiet"
        icon="cross"
        label="Dismiss"
        onPress={() => {
          trouble.value = '';
        }}
      />
    </div>
  );
}
