// Plays that are held or excluded, each with its rule and the evidence; appeals, and what came of them.

import './held.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { usePages } from '../../api/answer';
import { count, duration, measured, title, words } from '../../figures/format';
import { AnsweredPages, Empty, Skeleton } from '../../parts/answered';
import { Badge, Standing } from '../../parts/badge';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Facts } from '../../parts/figure';
import { Instant } from '../../parts/time';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { may } from '../../session/session';
import type { ScreenProps } from '../routes';
import { AppealDialog, type Against } from './appeal-dialog';

/** So many plays at a time; of appeals the API gives fewer. */
const PLAYS = 200;
const APPEALS = 100;

type Case = Shape<'FraudCase'>;
type Appeal = Shape<'Appeal'>;

export default function HeldScreen({ query }: ScreenProps): JSX.Element {
  const [against, setAgainst] = useState<Against | null>(() => asked(query));
  const cases = usePages((after: string | undefined, signal) => get('/api/v1/fraud', { query: { limit: PLAYS, ...(after === undefined ? {} : { after }) }, signal }), []);
  const appeals = usePages((after: number | undefined, signal) => get('/api/v1/appeals', { query: { limit: APPEALS, ...(after === undefined ? {} : { after }) }, signal }), []);
  return (
    <Screen title="Held plays" note="Plays that a rule holds or excludes. Nothing is lost: a play that is reinstated is paid with the next close.">
      <Card title="Appeals" note="The rules are run again on the same evidence, and a person decides." flush>
        <AnsweredPages of={appeals} skeleton={<Skeleton rows={2} />}>
          {(items) => <Appeals of={items} />}
        </AnsweredPages>
      </Card>
      <Card title="Held and excluded" note="Open one to see what the rule found.">
        <AnsweredPages of={cases}>
          {(items) =>
            items.length === 0 ? (
              <Empty title="Nothing is held">All of the plays stand as they were reported.</Empty>
            ) : (
              <ul class="cases">
                {grouped(items).map((group) => (
                  <Cases key={group.key} of={group} onAppeal={setAgainst} />
                ))}
              </ul>
            )
          }
        </AnsweredPages>
      </Card>
      <AppealDialog
        against={against}
        onClose={(opened) => {
          setAgainst(null);
          if (opened) appeals.again();
        }}
      />
    </Screen>
  );
}

/** What a statement's link asked to appeal against. */
function asked(query: URLSearchParams): Against | null {
  const [track, period, payee] = [query.get('track'), query.get('period'), query.get('payee')];
  return track === null || period === null || payee === null ? null : { kind: 'line', track_id: track, period, payee };
}

function Appeals({ of }: { of: readonly Appeal[] }): JSX.Element {
  return (
    <Table
      caption="Appeals"
      rows={of}
      rowKey={(appeal) => appeal.number}
      rowLink={(appeal) => to(['appeals', appeal.number])}
      empty={<Empty title="No appeal yet">An appeal begins at a held play below, or at an unpaid recording of a statement.</Empty>}
      columns={[
        { key: 'number', head: 'Appeal', cell: (appeal) => `No. ${appeal.number}` },
        { key: 'against', head: 'Against', cell: (appeal) => said(appeal.against) },
        { key: 'opened', head: 'Opened', cell: (appeal) => <Instant of={appeal.opened_at} /> },
        { key: 'plays', head: 'Plays', kind: 'figure', cell: (appeal) => count(appeal.plays.length + appeal.unnamed_plays) },
        { key: 'outcome', head: 'Outcome', cell: (appeal) => <Outcome of={appeal} /> },
      ]}
    />
  );
}

export function said(against: Shape<'AppealAgainst'>): string {
  return against.track_id === null ? `play ${against.play_id ?? ''}` : `${against.track_id}, ${against.period ?? ''}, ${against.payee ?? ''}`;
}

export function Outcome({ of }: { of: Appeal }): JSX.Element {
  if (of.decision === null || of.decision === undefined) return <Badge tone="wait">Waits</Badge>;
  return of.decision.outcome === 'reinstate' ? <Badge tone="good">Reinstated</Badge> : <Badge tone="bad">Upheld</Badge>;
}

/** Plays of one recording that the same rules keep back alike. */
export interface Group {
  key: string;
  first: Case;
  plays: Case['play'][];
}

export function grouped(cases: readonly Case[]): Group[] {
  const groups = new Map<string, Group>();
  for (const one of cases) {
    const key = [one.play.track_id, one.play.status, ...one.play.rules].join(' ');
    const group = groups.get(key) ?? { key, first: one, plays: [] };
    group.plays.push(one.play);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function Cases({ of, onAppeal }: { of: Group; onAppeal: (against: Against) => void }): JSX.Element {
  const { first, plays } = of;
  return (
    <li>
      <details class="case">
        <summary>
          <span class="case-name">{first.play.track_id}</span>
          <Standing of={first.play.status} />
          <span class="soft small">{first.play.rules.map(words).join(', ')}</span>
          <span class="faint small case-when">{plays.length === 1 ? '1 play' : `${count(plays.length)} plays`}</span>
        </summary>
        <div class="case-body">
          {first.evidence.map((found) => (
            <Found key={found.rule} of={found} />
          ))}
          <Table
            dense
            captionShown
            caption="Plays that are kept back"
            rows={plays}
            rowKey={(play) => `${play.source} ${play.user_id} ${play.play_id ?? play.started_at}`}
            shown={10}
            columns={[
              { key: 'play', head: 'Play', cell: (play) => <Named of={play} /> },
              { key: 'user', head: 'Listener', cell: (play) => play.user_id ?? '–' },
              { key: 'started', head: 'Started', cell: (play) => <Instant of={play.started_at} /> },
              { key: 'heard', head: 'Listened', kind: 'figure', cell: (play) => duration(play.listened_ms) },
              { key: 'appeal', head: <span class="unseen">Appeal</span>, label: '', cell: (play) => <AppealButton of={play} onAppeal={onAppeal} /> },
            ]}
          />
        </div>
      </details>
    </li>
  );
}

export function Named({ of: { play_id, user_id, source } }: { of: Case['play'] }): JSX.Element {
  if (play_id === null || user_id === null) return <span class="faint">without a key</span>;
  return <a href={to(['plays', user_id, play_id], { source })}>{play_id}</a>;
}

/** A play without a key can't be named, so nobody can rule on it. */
function AppealButton({ of: { play_id, user_id, source }, onAppeal }: { of: Case['play']; onAppeal: (against: Against) => void }): JSX.Element | null {
  if (play_id === null || user_id === null || !may('appeals:write')) return null;
  return (
    <Button look="quiet" onPress={() => onAppeal({ kind: 'play', play_id, user_id, source })}>
      Appeal
    </Button>
  );
}

export function Found({ of }: { of: Case['evidence'][number] }): JSX.Element {
  const parameters = Object.entries(of.parameters);
  return (
    <div class="found">
      <h3>Rule: {words(of.rule)}</h3>
      <p class="small">{title(of.explanation)}.</p>
      {parameters.length === 0 ? null : <Facts of={parameters.map(([name, value]) => measured(name, value))} />}
      <Table
        dense
        captionShown
        caption={`Plays that the rule marks together: ${count(of.plays_total)}${of.plays.length < of.plays_total ? `, of which ${count(of.plays.length)} are shown` : ''}`}
        rows={of.plays}
        rowKey={(play) => `${play.play_id} ${play.started_at}`}
        shown={5}
        columns={[
          { key: 'play', head: 'Play', cell: (play) => play.play_id ?? '–' },
          { key: 'track', head: 'Recording', cell: (play) => play.track_id },
          { key: 'started', head: 'Started', cell: (play) => <Instant of={play.started_at} /> },
          { key: 'heard', head: 'Listened', kind: 'figure', cell: (play) => duration(play.listened_ms) },
        ]}
      />
    </div>
  );
}
