// What was heard most: in a day or a week, by counted plays, as it counts now.

import './charts.css';
import '../../music/head.css';
import type { JSX } from 'preact';
import { useAnswer } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { count, counted, day, territory } from '../../figures/format';
import { Cover } from '../../music/cover';
import { Artists, Explicit } from '../../music/names';
import { playList, queued, toggle } from '../../music/playback';
import { albumOf } from '../../music/playlists';
import { LikeButton, useSaved } from '../../music/saved';
import { menuOf, TracksWaiting } from '../../music/tracks';
import { Answered, Empty } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Choices } from '../../parts/field';
import { Icon } from '../../parts/icon';
import { Menu } from '../../parts/menu';
import { Screen } from '../../parts/screen';
import { nowPlaying, status } from '../../player';
import { requery, to } from '../../router';
import { session } from '../../session/session';
import type { ScreenProps } from '../routes';

const KINDS = [
  { value: 'tracks', label: 'Tracks' },
  { value: 'albums', label: 'Albums' },
  { value: 'artists', label: 'Artists' },
] as const;
const PERIODS = [
  { value: 'week', label: 'Week' },
  { value: 'day', label: 'Day' },
] as const;
type Kind = (typeof KINDS)[number]['value'];
type Period = (typeof PERIODS)[number]['value'];
type Entry = Shape<'ChartEntry'>;

/** The API's word where nothing counted yet, or the day is still to come. */
const NO_CHART = 'no_chart';
const FROM = { label: 'Charts', href: '#/charts' };

export default function ChartsScreen({ query }: ScreenProps): JSX.Element {
  const kind: Kind = KINDS.find((one) => one.value === query.get('of'))?.value ?? 'tracks';
  const period: Period = PERIODS.find((one) => one.value === query.get('period'))?.value ?? 'week';
  const on = query.get('at');
  const country = session.value?.account?.territory ?? null;
  const where = country !== null && query.get('in') === country ? country : null;
  const chart = useAnswer(
    (signal) => get('/api/v1/charts/{kind}', { path: { kind }, query: { period, ...(on === null ? {} : { at: on }), ...(where === null ? {} : { territory: where }) }, signal }),
    [kind, period, on, where],
  );
  return (
    <Screen title="Charts" note="What was heard most, by the plays that count.">
      <div class="charts-choices">
        <Choices label="What is ranked" value={kind} options={KINDS} onChange={(of) => requery({ of: of === 'tracks' ? null : of })} />
        <Choices label="How long" value={period} options={PERIODS} onChange={(of) => requery({ period: of === 'week' ? null : of, at: null })} />
        {country === null ? null : (
          <Choices
            label="Where"
            value={where ?? 'all'}
            options={[
              { value: 'all', label: 'Everywhere' },
              { value: country, label: territory(country) },
            ]}
            onChange={(of) => requery({ in: of === 'all' ? null : of })}
          />
        )}
      </div>
      {chart.refusal?.code === NO_CHART ? (
        <Empty title="There is no chart of that time">{chart.refusal.message}.</Empty>
      ) : (
        <Answered of={chart} skeleton={<TracksWaiting rows={10} covers />}>
          {(found) => <Ranked chart={found} kind={kind} />}
        </Answered>
      )}
    </Screen>
  );
}

function Ranked({ chart, kind }: { chart: Shape<'Chart'>; kind: Kind }): JSX.Element {
  const { items } = chart;
  useSaved('tracks', kind === 'tracks' ? items.map(({ id }) => id) : []);
  const heard = items.flatMap(({ track, gone }) => (track === undefined || gone ? [] : [queued(track, albumOf(track), FROM)]));
  const span = chart.from === chart.to ? day(chart.from) : `${day(chart.from, 'short')} – ${day(chart.to)}`;
  return (
    <>
      <div class="charts-when">
        <Button look="quiet" icon="chevron_back" label="The one before" disabled={chart.from <= chart.known_from} onPress={() => requery({ at: shiftedDay(chart.from, -1) })} />
        <p>
          <strong>{span}</strong> <span class="soft small">{chart.is_settled ? 'settled' : chart.is_over ? 'late plays may still come in' : 'goes on'}</span>
        </p>
        <Button look="quiet" icon="chevron" label="The next one" disabled={!chart.is_over} onPress={() => requery({ at: shiftedDay(chart.to, 1) })} />
      </div>
      {items.length === 0 ? (
        <Empty title="Nothing counted in this time">A play counts once half a minute of it has sounded. Charts are made of those.</Empty>
      ) : (
        <ol class="ranks" aria-label={`Charts: ${kind}`}>
          {items.map((entry) => (
            <li key={entry.id}>
              <Rank entry={entry} onPlay={() => playList(heard, heard.findIndex(({ id }) => id === entry.id))} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}

function Rank({ entry, onPlay }: { entry: Entry; onPlay: () => void }): JSX.Element {
  const { track, album, artist, gone } = entry;
  const plays = nowPlaying.value?.id === entry.id;
  const sounds = plays && status.value === 'playing';
  const name = track?.title ?? album?.title ?? artist?.name ?? entry.id;
  const href = track !== undefined ? to(['tracks', entry.id]) : album !== undefined ? to(['albums', entry.id]) : artist !== undefined ? to(['artists', entry.id]) : null;
  const by = track !== undefined ? [...track.artists, ...track.featured] : (album?.artists ?? null);
  return (
    <div class={`rank${plays ? ' track-plays' : ''}`}>
      <span class="rank-place">{entry.rank}</span>
      <Change entry={entry} />
      <span class="rank-cover">
        <Cover picture={track?.cover ?? album?.cover ?? artist?.picture ?? null} seed={track?.album_id ?? entry.id} title={name} width={48} round={artist !== undefined} />
        {track === undefined || gone ? null : (
          <button type="button" class="rank-play" aria-label={`${sounds ? 'Pause' : 'Play'} ${name}`} onClick={plays ? toggle : onPlay}>
            <Icon name={sounds ? 'pause' : 'play'} size={18} full={!sounds} />
          </button>
        )}
      </span>
      <div class="track-names">
        <p class="track-title">{href === null ? name : <a href={href}>{name}</a>}</p>
        {by === null ? null : (
          <p class="track-artists">
            <Explicit is={track?.explicit ?? album?.explicit ?? false} /> <Artists of={by} />
          </p>
        )}
      </div>
      <span class="rank-plays">
        <strong class="number">{count(entry.plays)}</strong> <span class="faint small">{entry.plays === 1 ? 'play' : 'plays'}</span>
      </span>
      <span class="rank-past faint small" title="Its best place, and how long it has been in the charts">
        Best {entry.best_rank} · {counted(entry.periods, 'time')}
      </span>
      <span class="track-end">
        {track === undefined ? null : (
          <>
            <LikeButton kind="tracks" id={track.id} name={track.title} />
            <Menu label={`More for ${track.title}`} items={menuOf({ track: { ...track, available: !gone }, album: albumOf(track) }, FROM)} />
          </>
        )}
      </span>
    </div>
  );
}

/** How it moved since the period before. */
function Change({ entry }: { entry: Entry }): JSX.Element {
  const { rank, rank_before: before, periods } = entry;
  if (before === null) return <span class="rank-change rank-new">{periods > 1 ? 'Back' : 'New'}</span>;
  const by = before - rank;
  if (by === 0) return <span class="rank-change" role="img" aria-label="As before">–</span>;
  return (
    <span class={`rank-change ${by > 0 ? 'rank-up' : 'rank-down'}`} role="img" aria-label={`${by > 0 ? 'Up' : 'Down'} by ${Math.abs(by)}`}>
      {by > 0 ? '▲' : '▼'} {Math.abs(by)}
    </span>
  );
}

function shiftedDay(of: string, by: number): string {
  return new Date(Date.parse(`${of}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
}
