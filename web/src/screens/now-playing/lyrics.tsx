// Words of what sounds. Those with times follow it, and a press goes there; the others are scrolled.

import type { JSX } from 'preact';
import { useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type LyricLine, lineAt } from '../../music/lyrics';
import { positionS, seek } from '../../player';

/** Whoever scrolls wants to read: for so long the words don't move by themselves. */
const LEFT_ALONE_MS = 4_000;

export function SyncedLyrics({ lines }: { lines: readonly LyricLine[] }): JSX.Element {
  const room = useRef<HTMLDivElement>(null);
  const scrolledAt = useRef(-LEFT_ALONE_MS);
  // The clock is looked at five times a second: a line that is about to begin is shown.
  const current = useComputed(() => lineAt(lines, positionS.value * 1000 + 100)).value;
  useEffect(() => {
    const box = room.current;
    const line = box?.querySelector<HTMLElement>('[aria-current]');
    if (box === null || line === null || line === undefined || performance.now() - scrolledAt.current < LEFT_ALONE_MS) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    box.scrollTo({ top: line.offsetTop - box.clientHeight * 0.38, behavior: still ? 'auto' : 'smooth' });
  }, [current]);
  const left = (): void => {
    scrolledAt.current = performance.now();
  };
  return (
    <div class="lyrics" ref={room} role="group" aria-label="Lyrics" onWheel={left} onTouchMove={left}>
      {lines.map((line, at) =>
        line.text === '' ? (
          <p key={`${at}`} class={`lyrics-pause${at === current ? ' lyrics-now' : ''}`} aria-hidden="true">
            ♪
          </p>
        ) : (
          <button key={`${at}`} type="button" class={`lyrics-line${at < current ? ' lyrics-sung' : ''}`} aria-current={at === current ? 'true' : undefined} onClick={() => seek(line.atMs / 1000)}>
            {line.text}
          </button>
        ),
      )}
    </div>
  );
}

export function PlainLyrics({ words }: { words: string }): JSX.Element {
  return (
    <div class="lyrics lyrics-plain" tabIndex={0} role="group" aria-label="Lyrics">
      <p>{words}</p>
    </div>
  );
}
