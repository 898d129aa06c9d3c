// What a track that sounds is steered with; the bar and the large screen have the same.

import './controls.css';
import { useComputed, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { at, counts, durationS, heardMs, isPreview, nowPlaying, positionS, queue, repeat, seek, setRepeat, setVolume, skipNext, skipPrevious, status, volume } from '../player';
import { length } from '../music/names';
import { shuffle, toggle, toggleShuffle } from '../music/playback';
import { announce } from '../parts/announce';
import { Icon } from '../parts/icon';
import { Sign } from '../parts/sign';
import { Slider } from './slider';

/** Sound that makes a play count, in milliseconds; of a shorter track the whole of it. */
const TICK_MS = 30_000;

export function Transport({ large = false }: { large?: boolean }): JSX.Element {
  const size = large ? 26 : 20;
  const none = nowPlaying.value === null;
  const atEnd = repeat.value === 'off' && at.value + 1 >= queue.value.length;
  return (
    <div class={`transport${large ? ' transport-large' : ''}`} role="group" aria-label="Playback">
      <Sign label={shuffle.value ? 'Shuffle: on' : 'Shuffle: off'} pressed={shuffle.value} onPress={toggleShuffle}>
        <Icon name="shuffle" size={large ? 22 : 18} />
      </Sign>
      <Sign label="Previous" disabled={none} onPress={skipPrevious}>
        <Icon name="previous" size={size} full />
      </Sign>
      <PlayButton large={large} />
      <Sign label="Next" disabled={none || atEnd} onPress={skipNext}>
        <Icon name="next" size={size} full />
      </Sign>
      <Sign label={REPEATS[repeat.value].label} pressed={repeat.value !== 'off'} onPress={turnRepeat}>
        <Icon name={repeat.value === 'one' ? 'repeat_one' : 'repeat'} size={large ? 22 : 18} />
      </Sign>
    </div>
  );
}

const REPEATS = {
  off: { next: 'all', label: 'Repeat: off', said: 'The queue is repeated.' },
  all: { next: 'one', label: 'Repeat: all', said: 'This track is repeated.' },
  one: { next: 'off', label: 'Repeat: this track', said: 'Nothing is repeated.' },
} as const;

export function turnRepeat(): void {
  const { next, said } = REPEATS[repeat.peek()];
  setRepeat(next);
  announce(said);
}

export function PlayButton({ large = false, quiet = false }: { large?: boolean; quiet?: boolean }): JSX.Element {
  const plays = status.value === 'playing' || status.value === 'waiting';
  const loads = status.value === 'loading' || status.value === 'waiting';
  return (
    <button
      type="button"
      class={`transport-play${quiet ? ' transport-play-quiet' : ''}`}
      aria-label={plays ? 'Pause' : 'Play'}
      title={plays ? 'Pause' : 'Play'}
      aria-busy={loads || undefined}
      aria-disabled={nowPlaying.value === null || undefined}
      onClick={toggle}
    >
      {loads ? <span class="button-spin" aria-hidden="true" /> : <Icon name={plays ? 'pause' : 'play'} size={large ? 28 : 20} full={!plays} />}
    </button>
  );
}

export function SeekBar(): JSX.Element {
  const dragged = useSignal<number | null>(null);
  const length_s = durationS.value;
  const now = dragged.value ?? positionS.value;
  const said = (seconds: number): string => `${spoken(seconds)} of ${spoken(length_s)}`;
  return (
    <div class="seek">
      <span class="seek-time" aria-hidden="true">
        {length(now * 1000)}
      </span>
      <Slider
        label="Position in the track"
        value={positionS.value}
        max={length_s > 0 ? length_s : 1}
        step={0.1}
        arrow={5}
        page={30}
        said={said}
        disabled={length_s === 0}
        onDrag={(to) => {
          dragged.value = to;
        }}
        onChange={(to) => {
          seek(to);
          positionS.value = to;
        }}
      />
      <span class="seek-time" aria-hidden="true">
        {length(length_s * 1000)}
      </span>
    </div>
  );
}

/** `1 minute 5 seconds`, as it is read aloud. */
export function spoken(seconds: number): string {
  const whole = Math.floor(seconds);
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  const of = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
  if (minutes === 0) return of(rest, 'second');
  return rest === 0 ? of(minutes, 'minute') : `${of(minutes, 'minute')} ${of(rest, 'second')}`;
}

let loudBefore = 1;

/** Silent, and as loud as before. */
export function toggleMute(): void {
  if (volume.peek() > 0) {
    loudBefore = volume.peek();
    setVolume(0);
  } else setVolume(loudBefore);
}

export function VolumeControl(): JSX.Element {
  const muted = volume.value === 0;
  return (
    <div class="volume">
      <Sign label={muted ? 'Unmute' : 'Mute'} onPress={toggleMute}>
        <Icon name={muted ? 'mute' : 'volume'} size={18} />
      </Sign>
      <Slider label="Volume" value={volume.value} max={1} step={0.01} arrow={0.05} page={0.2} said={(value) => `${Math.round(value * 100)} percent`} onChange={setVolume} onDrag={(to) => (to === null ? undefined : setVolume(to))} />
    </div>
  );
}

/** How much of a play has sounded, and the tick once it counts. */
export function CountedTick(): JSX.Element | null {
  const part = useComputed(() => {
    const needed = Math.min(TICK_MS, durationS.value * 1000);
    // A ring that moves in sixtieths: not with each look at the clock.
    return needed > 0 ? Math.min(60, Math.floor((heardMs.value / needed) * 60)) : 0;
  });
  if (nowPlaying.value === null || status.value === 'idle') return null;
  if (isPreview.value) {
    return (
      <span class="tick" title="A preview: half a minute, which counts for nobody.">
        Preview
      </span>
    );
  }
  const label = counts.value ? 'Counted: half a minute of it has sounded, so its rights holders are paid for this play.' : 'Counts once half a minute of it has sounded.';
  return (
    <span class={`tick${counts.value ? ' tick-counted' : ''}`} role="img" aria-label={label} title={label}>
      <svg width="18" height="18" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <circle class="tick-rest" cx="10" cy="10" r="7.5" pathLength={60} />
        {counts.value ? <path class="tick-mark" d="M6.4 10.3 9 12.8 13.8 7.6" /> : <circle class="tick-part" cx="10" cy="10" r="7.5" pathLength={60} stroke-dasharray={`${part.value} 60`} transform="rotate(-90 10 10)" />}
      </svg>
      {counts.value ? <span class="tick-word">Counted</span> : null}
    </span>
  );
}
