// The player by keyboard, wherever one is on the pages.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { nowPlaying, positionS, seek, setVolume, skipNext, skipPrevious, volume } from '../player';
import { toggle, toggleShuffle } from '../music/playback';
import { go, place } from '../router';
import { toggleMute, turnRepeat } from './controls';

const KEY = 'ledgerline-letter-keys';
const SEEK_S = 10;
const LOUDER = 0.05;

/** Whether single letters do something: who speaks to their computer may not want that. */
export const letterKeys = signal(localStorage.getItem(KEY) !== 'off');
/** Whether the help is shown. */
export const helpShown = signal(false);
/** Likes what sounds; whoever draws the button says how. */
export const likeCurrent = { toggle: (): void => {} };

export function setLetterKeys(on: boolean): void {
  letterKeys.value = on;
  localStorage.setItem(KEY, on ? 'on' : 'off');
}

/** What each key does, as the help lists it. */
export const KEYS: readonly { keys: readonly string[]; does: string; letter?: boolean }[] = [
  { keys: ['Space'], does: 'Play or pause' },
  { keys: ['Shift', '→'], does: 'Ten seconds on' },
  { keys: ['Shift', '←'], does: 'Ten seconds back' },
  { keys: ['Ctrl', '→'], does: 'Next track' },
  { keys: ['Ctrl', '←'], does: 'Previous track' },
  { keys: ['Ctrl', '↑'], does: 'Louder' },
  { keys: ['Ctrl', '↓'], does: 'Softer' },
  { keys: ['M'], does: 'Mute', letter: true },
  { keys: ['L'], does: 'Like', letter: true },
  { keys: ['S'], does: 'Shuffle', letter: true },
  { keys: ['R'], does: 'Repeat', letter: true },
  { keys: ['Q'], does: 'Queue', letter: true },
  { keys: ['F'], does: 'Now playing', letter: true },
  { keys: ['?'], does: 'This help', letter: true },
];

const LETTERS: Readonly<Record<string, () => void>> = {
  m: toggleMute,
  l: () => likeCurrent.toggle(),
  s: toggleShuffle,
  r: turnRepeat,
  q: () => visit('queue'),
  f: () => visit('now-playing'),
  '?': () => {
    helpShown.value = true;
  },
};

const WITH_CONTROL: Readonly<Record<string, () => void>> = {
  ArrowRight: skipNext,
  ArrowLeft: skipPrevious,
  ArrowUp: () => setVolume(volume.peek() + LOUDER),
  ArrowDown: () => setVolume(volume.peek() - LOUDER),
};

const WITH_SHIFT: Readonly<Record<string, () => void>> = {
  ArrowRight: () => seek(positionS.peek() + SEEK_S),
  ArrowLeft: () => seek(positionS.peek() - SEEK_S),
};

/** Goes to a screen, and back from it. */
export function visit(where: 'queue' | 'now-playing'): void {
  if (place.peek().parts[0] === where && history.length > 1) history.back();
  else go(`#/${where}`);
}

/** Listens for the keys while the bar is there. */
export function useKeys(): void {
  useEffect(() => {
    // A button that was clicked keeps the focus, and Space would press it again; who came to it by keyboard means it.
    let byPointer = false;
    let swallowed = false;
    const pointed = (): void => {
      byPointer = true;
    };
    const pressed = (event: KeyboardEvent): void => {
      if (event.key === 'Tab') byPointer = false;
      const deed = deedOf(event, byPointer);
      if (deed === undefined || event.defaultPrevented) return;
      event.preventDefault();
      swallowed = event.key === ' ';
      deed();
    };
    const released = (event: KeyboardEvent): void => {
      if (event.key === ' ' && swallowed) event.preventDefault();
      swallowed = false;
    };
    document.addEventListener('pointerdown', pointed, true);
    document.addEventListener('keydown', pressed);
    document.addEventListener('keyup', released);
    return () => {
      document.removeEventListener('pointerdown', pointed, true);
      document.removeEventListener('keydown', pressed);
      document.removeEventListener('keyup', released);
    };
  }, []);
}

function deedOf(event: KeyboardEvent, byPointer: boolean): (() => void) | undefined {
  if (document.querySelector('dialog[open]') !== null || isTyping(event.target)) return undefined;
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey || (control && event.shiftKey)) return undefined;
  const plays = nowPlaying.peek() !== null;
  if (control) return plays ? WITH_CONTROL[event.key] : undefined;
  if (event.shiftKey && WITH_SHIFT[event.key] !== undefined) return plays ? WITH_SHIFT[event.key] : undefined;
  if (event.key === ' ') return plays && !event.shiftKey && (byPointer || !acts(event.target)) ? toggle : undefined;
  return letterKeys.peek() && !event.repeat ? LETTERS[event.key.toLowerCase()] : undefined;
}

/** Whether keys go into something there. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('textarea, select, input:not([type=range], [type=checkbox], [type=radio], [type=button])');
}

/** Whether Space does something there. */
function acts(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, summary, input, [role=menuitem], [role=menu]') !== null;
}
