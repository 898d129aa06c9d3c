// One play: where it stands and why, its raw reports as they lie in the log, and every line of every
// statement that it has a part in.

import './play.css';
import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { cut } from '../../figures/decimal';
import { count, duration, instant, month, title, words } from '../../figures/format';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Standing } from '../../parts/badge';
import { Card, Columns } from '../../parts/card';
import { Id } from '../../parts/code';
import { Facts, Figure, Figures } from '../../parts/figure';
import { Money } from '../../parts/money';
import { Instant } from '../../parts/time';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { seesAll } from '../../session/session';
import type { ScreenProps } from '../routes';

type Play = Shape<'Play'>;

/** Three more than the ledger's, since a play's part is none of its units. */
const PART_DIGITS = 9;

export default function PlayScreen({ params, query }: ScreenProps): JSX.Element {
  const { user = '', play = '' } = params;
  const source = query.get('source');
  const found = useAnswer(
    (signal) => get('/api/v1/royalty/plays/{user_id}/{play_id}', { path: { user_id: user, play_id: play }, query: source === null ? {} : { source }, signal }),
    [user, play, source],
  );
  return (
    <Screen title={`Play ${play}`} note={`by ${user}${source === null ? '' : `, told by ${source}`}`}>
      <Answered of={found} skeleton={<Skeleton figures={3} rows={8} />}>
        {(money) => (
          <>
            <Stands of={money.play} sentence={money.sentence} />
            <Lines of={money} />
            <Reports of={money.play} />
            <Columns>
              <History of={money.play} />
              <Data of={money.play} />
            </Columns>
          </>
        )}
      </Answered>
    </Screen>
  );
}

function Stands({ of, sentence }: { of: Play; sentence: string }): JSX.Element {
  return (
    <>
      <Figures>
        <Figure label="Stands as" note={of.reason === null || of.reason === undefined ? undefined : words(of.reason)}>
          <Standing of={of.status} />
        </Figure>
        <Figure label="Listened" note={`it counts from ${duration(of.threshold_ms)}`}>
          {duration(of.listened_ms)}
        </Figure>
        <Figure label="Raw reports">{count(of.reports.length)}</Figure>
      </Figures>
      <Card title="In a sentence">
        <p>{sentence}</p>
      </Card>
    </>
  );
}

function Lines({ of }: { of: Shape<'PlayMoney'> }): JSX.Element {
  return (
    <Card title="What it caused" note={seesAll.value ? 'Every line that this play has a part in, on whoever’s statement.' : 'Every line of yours that this play has a part in.'} flush>
      <Table
        caption="Lines that the play has a part in"
        rows={of.lines}
        rowKey={(it) => `${it.stated_in} ${it.payee} ${it.line.number}`}
        rowLink={(it) => to(['explain', it.stated_in, it.payee, it.line.number])}
        empty={<Empty title="No line yet">It is on no statement: its month isn’t closed, or it isn’t paid for.</Empty>}
        columns={[
          { key: 'payee', head: 'Payee', cell: (it) => it.payee },
          { key: 'stated', head: 'Statement', cell: (it) => month(it.stated_in) },
          { key: 'right', head: 'Right', cell: (it) => title(it.line.right) },
          { key: 'part', head: 'One play’s part', kind: 'figure', cell: (it) => (it.each === null ? '–' : <Part each={it.each} currency={it.line.currency} />) },
          { key: 'line', head: 'Of the line’s', kind: 'figure', cell: (it) => <Money amount={it.line.amount} currency={it.line.currency} /> },
        ]}
      />
    </Card>
  );
}

/** What no decimal says exactly is cut off with an ellipsis; the fraction itself is in its title. */
function Part({ each, currency }: { each: string; currency: string }): JSX.Element {
  const part = cut(each, PART_DIGITS);
  if (part === null) return <span class="number">{`${each} ${currency}`}</span>;
  return (
    <span title={`exactly ${each} ${currency}`}>
      <Money amount={part.amount} currency={currency} />
      {part.exact ? '' : '…'}
    </span>
  );
}

function Reports({ of }: { of: Play }): JSX.Element {
  return (
    <Card title="Raw reports" note="As they lie in the log, in the order in which they came." flush>
      <Table
        caption="Raw reports of the play"
        rows={of.reports}
        rowKey={(report) => report.position}
        columns={[
          { key: 'at', head: 'In the log', cell: (report) => <Id of={`${of.partition}:${report.position}`} /> },
          { key: 'received', head: 'Received', cell: (report) => <Instant of={report.received_at} /> },
          { key: 'event', head: 'Event', cell: (report) => (report.event === null || report.event === undefined ? '–' : title(report.event)) },
          { key: 'heard', head: 'Listened so far', kind: 'figure', cell: (report) => duration(report.listened_ms) },
          { key: 'verdict', head: 'Verdict', cell: (report) => <Standing of={report.verdict} /> },
        ]}
        empty={<Empty title="Its reports aren’t shown here" />}
      />
    </Card>
  );
}

function History({ of }: { of: Play }): JSX.Element {
  return (
    <Card title="How it came to stand there">
      {of.transitions.length === 0 ? (
        <Empty title="It stands where it began" />
      ) : (
        <ol class="history">
          {of.transitions.map((change) => (
            <li key={change.number}>
              <Standing of={change.to} />
              <span class="soft small">
                {instant(change.at)}
                {change.reason === null || change.reason === undefined ? '' : `, ${words(change.reason)}`}
                {change.rules.length === 0 ? '' : `, by ${change.rules.map(words).join(', ')}`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

function Data({ of }: { of: Play }): JSX.Element {
  return (
    <Card title="What is known of it">
      <Facts
        of={[
          ['Recording', of.track_id],
          ['Started', instant(of.started_at)],
          ['First received', instant(of.first_received_at)],
          ['Territory', of.territory ?? '–'],
          ['Tier', of.tier ?? '–'],
          ['Device', of.device_id === null ? '–' : <Id key="d" of={of.device_id} />],
          ['Source', of.source],
          of.rules.length === 0 ? null : ['Fraud rules', of.rules.map(words).join(', ')],
          of.ruling === null || of.ruling === undefined ? null : ['Ruling', title(of.ruling)],
        ]}
      />
    </Card>
  );
}
