// The queue: what sounds, what comes next and from where, and its order.

import './queue.css';
import type { JSX } from 'preact';
import { count, counted } from '../../figures/format';
import { Cover } from '../../music/cover';
import { idOf } from '../../music/keeping';
import { Artists, Explicit, length, longLength } from '../../music/names';
import { clearUpcoming, jumpTo, moveInQueue, type QueueEntry, removeFromQueue, toggle } from '../../music/playback';
import { LikeButton, useSaved } from '../../music/saved';
import { announce } from '../../parts/announce';
import { Empty } from '../../parts/answered';
import { Button, LinkButton } from '../../parts/button';
import { Icon } from '../../parts/icon';
import { Screen } from '../../parts/screen';
import { Sortable } from '../../parts/sortable';
import { at, nowPlaying, queue, repeat, status } from '../../player';
import { Sign } from '../../parts/sign';
import { to } from '../../router';

/** So many of what comes are shown; what lies behind comes all the same. */
const SHOWN_MAX = 200;

export default function QueueScreen(): JSX.Element {
  const current = nowPlaying.value;
  const first = at.value + 1;
  const all = queue.value.slice(first);
  const coming = all.slice(0, SHOWN_MAX);
  useSaved('tracks', [...(current === null ? [] : [current.id]), ...coming.map((entry) => entry.id)]);
  if (current === null) {
    return (
      <Screen title="Queue">
        <Empty title="Nothing is in the queue">
          Press play on an album, or “Add to queue” in the menu of a track. <a href="#/listen">Find something to hear</a>
        </Empty>
      </Screen>
    );
  }
  const restMs = all.reduce((sum, entry) => sum + (entry.shown?.durationMs ?? 0), 0);
  const from = current.shown?.from ?? null;
  return (
    <Screen
      title="Queue"
      actions={
        all.length === 0 ? undefined : (
          <Button
            icon="bin"
            onPress={() => {
              clearUpcoming();
              announce('Nothing comes next any more.');
            }}
          >
            Clear what comes
          </Button>
        )
      }
    >
      <section class="music-section" aria-labelledby="queue-now">
        <h2 id="queue-now">Now playing</h2>
        <div class="entry entry-now">
          <EntryCover entry={current} label={status.value === 'playing' ? 'Pause' : 'Play'} icon={status.value === 'playing' ? 'pause' : 'play'} onPress={toggle} />
          <Names entry={current} />
          <div class="entry-end">
            <LikeButton kind="tracks" id={current.id} name={current.title ?? ''} />
            <span class="track-length">{length(current.shown?.durationMs ?? 0)}</span>
          </div>
        </div>
      </section>
      <section class="music-section" aria-labelledby="queue-next">
        <div class="music-section-line">
          <h2 id="queue-next">Next</h2>
          {all.length === 0 ? null : (
            <p class="soft small">
              {counted(all.length, 'track')}, {longLength(restMs)}
              {from === null ? null : (
                <>
                  , from <a href={from.href}>{from.label}</a>
                </>
              )}
            </p>
          )}
        </div>
        {all.length === 0 ? (
          <Empty title={repeat.value === 'one' ? 'This track is repeated' : repeat.value === 'all' ? 'The queue begins again' : 'Nothing comes next'}>
            {repeat.value === 'off' ? 'When this track is over, it is quiet.' : 'Until you switch repeating off.'}
          </Empty>
        ) : (
          <Sortable label="Next in the queue" class="entries" items={coming} keyOf={idOf} nameOf={(entry) => entry.title ?? entry.id} onMove={(one, other) => moveInQueue(first + one, first + other)}>
            {(entry, place, grip) => (
              <div class="entry">
                <EntryCover entry={entry} label={`Play ${entry.title ?? ''}`} icon="play" onPress={() => jumpTo(first + place)} />
                <Names entry={entry} before={coming[place - 1] ?? current} />
                <div class="entry-end">
                  <LikeButton kind="tracks" id={entry.id} name={entry.title ?? ''} />
                  <span class="track-length">{length(entry.shown?.durationMs ?? 0)}</span>
                  <Sign
                    label={`Remove ${entry.title ?? ''} from the queue`}
                    onPress={() => {
                      removeFromQueue(first + place);
                      announce(`${entry.title ?? ''} is out of the queue.`);
                    }}
                  >
                    <Icon name="cross" size={16} />
                  </Sign>
                  {grip}
                </div>
              </div>
            )}
          </Sortable>
        )}
        {all.length > SHOWN_MAX ? <p class="soft small">And {count(all.length - SHOWN_MAX)} more.</p> : null}
      </section>
      <p class="queue-tip soft small">
        Drag a track by its grip, or put the grip in focus and press the arrow keys. <LinkButton look="link" href="#/now-playing">Now playing, with lyrics</LinkButton>
      </p>
    </Screen>
  );
}

function EntryCover({ entry, label, icon, onPress }: { entry: QueueEntry; label: string; icon: 'play' | 'pause'; onPress: () => void }): JSX.Element {
  return (
    <button type="button" class="entry-cover" aria-label={label} onClick={onPress}>
      <Cover picture={entry.shown?.picture ?? null} seed={entry.shown?.albumId ?? entry.id} title={entry.album ?? ''} width={44} />
      <span class="entry-cover-sign">
        <Icon name={icon} size={18} full={icon === 'play'} />
      </span>
    </button>
  );
}

/** Title and artists; where it is from, if that differs from the one before it. */
function Names({ entry, before }: { entry: QueueEntry; before?: QueueEntry }): JSX.Element {
  const from = entry.shown?.from ?? null;
  const other = before !== undefined && from !== null && from.href !== (before.shown?.from?.href ?? '');
  return (
    <div class="track-names">
      <p class="track-title">
        <a href={to(['tracks', entry.id])}>{entry.title}</a>
      </p>
      <p class="track-artists">
        <Explicit is={entry.shown?.explicit ?? false} /> {entry.shown === undefined ? entry.artist : <Artists of={entry.shown.artists} />}
        {other && from !== null ? (
          <>
            {' '}
            · from <a href={from.href}>{from.label}</a>
          </>
        ) : null}
      </p>
    </div>
  );
}

