// The head of an album, an artist, a track or a playlist: its cover, its name, and what can be done with it.

import './head.css';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Icon } from '../parts/icon';
import { Cover, coverAddress, Mosaic } from './cover';

interface HeadProps {
  picture: string | null;
  /** Several covers of which one is made, where it has none of its own. */
  pictures?: readonly string[];
  /** What it is of: its id seeds a drawn cover. */
  seed: string;
  title: string;
  /** What it is: `Album`, `Artist`. */
  kind: string;
  round?: boolean;
  /** A sentence below the title. */
  about?: string;
  facts: ComponentChildren;
  actions?: ComponentChildren;
}

/** A title that is longer than this is set smaller. */
const LONG_TITLE = 24;

export function MusicHead({ picture, pictures, seed, title, kind, round = false, about, facts, actions }: HeadProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Ledgerline`;
  }, [title]);
  const wash = picture ?? pictures?.[0] ?? null;
  return (
    <header class="music-head">
      {wash === null ? null : (
        <span class="music-head-wash" aria-hidden="true">
          <img src={coverAddress(wash, 96)} alt="" decoding="async" />
        </span>
      )}
      <div class="music-head-cover">
        {pictures === undefined ? <Cover picture={picture} seed={seed} title={title} width={320} round={round} eager /> : <Mosaic pictures={pictures} seed={seed} title={title} width={320} eager />}
      </div>
      <div class="music-head-names">
        <p class="music-head-kind">{kind}</p>
        <h1 tabIndex={-1} class={title.length > LONG_TITLE ? 'music-head-long' : undefined}>
          {title}
        </h1>
        {about === undefined || about === '' ? null : <p class="music-head-about">{about}</p>}
        <p class="music-head-facts">{facts}</p>
      </div>
      {actions === undefined ? null : <div class="music-head-actions unprinted">{actions}</div>}
    </header>
  );
}

/** The large round button that plays it all. */
export function PlayAll({ plays, busy = false, onPress }: { /** Whether this is what sounds. */ plays: boolean; busy?: boolean; onPress: () => void }): JSX.Element {
  return (
    <button type="button" class="play-all" aria-label={plays ? 'Pause' : 'Play'} title={plays ? 'Pause' : 'Play'} aria-busy={busy || undefined} onClick={busy ? undefined : onPress}>
      {busy ? <span class="button-spin" aria-hidden="true" /> : <Icon name={plays ? 'pause' : 'play'} size={26} full={!plays} />}
    </button>
  );
}

/** Grey shapes where a head and its tracks will be. */
export function HeadWaiting({ round = false }: { round?: boolean }): JSX.Element {
  return (
    <div class="music-head skeleton" role="status" aria-label="Loading">
      <div class="music-head-cover" aria-hidden="true">
        <span class={`cover skeleton-line music-waiting-cover${round ? ' cover-round' : ''}`} />
      </div>
      <div class="music-head-names" aria-hidden="true">
        <span class="skeleton-line music-waiting-title" />
        <span class="skeleton-line skeleton-line-3" />
      </div>
    </div>
  );
}
