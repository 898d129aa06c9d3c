// A line and all that it came from: the amount, the pool and how its money came about, the terms it
// passed, and the plays behind it. From each play it goes on to the raw reports.

import './explain.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { tenThousandths } from '../../figures/decimal';
import { count, duration, month, percent, title } from '../../figures/format';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Card, Columns } from '../../parts/card';
import { Id } from '../../parts/code';
import { Facts, Figure, Figures } from '../../parts/figure';
import { Money } from '../../parts/money';
import { Instant } from '../../parts/time';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { useTitles } from '../../session/names';
import { session } from '../../session/session';
import type { ScreenProps } from '../routes';

/** So many plays of a line are shown at first: a page waits for no more. */
const PLAYS_FIRST = 10;
/** As many plays as the API shows of a line. */
const PLAYS_MAX = 100;

type Explained = Shape<'ExplainedLine'>;

export default function ExplainScreen({ params }: ScreenProps): JSX.Element {
  const { period = '', payee = '', number = '' } = params;
  const [wanted, setWanted] = useState(PLAYS_FIRST);
  const line = useAnswer(
    (signal) => get('/api/v1/royalty/closes/{period}/statements/{payee}/lines/{number}', { path: { period, payee, number: Number.parseInt(number, 10) }, query: { plays: wanted }, signal }),
    [period, payee, number, wanted],
  );
  return (
    <Screen
      title={`Line ${number}`}
      note={`of ${payee}’s statement of ${month(period)}`}
      crumbs={[
        { label: 'Statements', href: to(['statements']) },
        { label: `${month(period)}, ${payee}`, href: to(['statements', period, payee]) },
      ]}
    >
      <Answered of={line} skeleton={<Skeleton figures={3} rows={8} />}>
        {(explained) => <Whole of={explained} more={wanted < PLAYS_MAX ? () => setWanted(PLAYS_MAX) : null} />}
      </Answered>
    </Screen>
  );
}

/** Its plays, and the way to more of them. */
interface Shown {
  of: Explained;
  more: (() => void) | null;
}

function Whole({ of, more }: Shown): JSX.Element {
  const { line, pool } = of;
  const titles = useTitles(of.stated_in, of.payee);
  const part = tenThousandths(line.amount, pool.money);
  return (
    <>
      <Figures>
        <Figure large label={<>Amount {line.cause === null ? null : <Badge tone="wait">Adjustment</Badge>}</>} note={`${title(line.right)} right in ${titles.get(line.track_id) ?? line.track_id}`}>
          <Money amount={line.amount} currency={line.currency} />
        </Figure>
        <Figure label="Plays of this line" note={`of ${count(pool.plays)} in the pool`}>
          {count(line.plays)}
        </Figure>
        <Figure label="The pool" note={part === 0 ? undefined : `this line is ${percent(part, 2)} of it`}>
          <Money amount={pool.money} currency={pool.currency} />
        </Figure>
      </Figures>
      <Card title="In a sentence">
        <p>{line.sentence}</p>
        {of.detail === null ? null : <p class="explain-detail">{of.detail}</p>}
      </Card>
      <Columns>
        <Card title="Where the pool’s money comes from" note="Step by step, exactly.">
          <ol class="steps">
            {pool.steps.map((step, at) => (
              <li key={at}>
                <span>{step.what}</span>
                <span class="number">{step.result}</span>
              </li>
            ))}
          </ol>
        </Card>
        <Card title="Which terms decide">
          <Terms of={of} />
        </Card>
      </Columns>
      <Plays of={of} more={more} />
    </>
  );
}

function Terms({ of: { line, revisions } }: { of: Explained }): JSX.Element {
  const sees = session.value?.parties === null;
  const contract = (name: string): JSX.Element => {
    const [id = name] = name.split('/');
    return sees ? <a href={to(['contracts', id])}>{name}</a> : <Id of={name} />;
  };
  return (
    <Facts
      of={[
        ['Licence', contract(line.licence)],
        ['Share of', line.holder],
        ['Passed on by', line.passed.length === 0 ? 'nobody: it is the holder’s own' : line.passed.map((name) => <span key={name}>{contract(name)} </span>)],
        ['Goes to account', <Id key="a" of={line.account} />],
        ['Plays of', month(line.period)],
        ['Territory and tier', `${line.territory ?? 'any territory'}, ${line.tier ?? 'any tier'}`],
        ['Computed from', Object.entries(revisions).map(([kind, revision]) => `${kind} r${revision}`).join(', ')],
      ]}
    />
  );
}

function Plays({ of, more }: Shown): JSX.Element {
  const { line, plays } = of;
  return (
    <Card title="The plays behind it" note={plays.length < Math.abs(line.plays) ? `${count(plays.length)} of ${count(line.plays)}. Open one to see its raw reports.` : 'Open one to see its raw reports.'} flush>
      <Table
        caption="Plays behind the line"
        rows={plays}
        rowKey={(play) => `${play.partition}-${play.position}`}
        rowLink={(play) => (play.play_id === null || play.user_id === null ? null : to(['plays', play.user_id, play.play_id], { source: play.source }))}
        shown={PLAYS_MAX}
        empty={<Empty title="No play stands behind this line">It comes from an agreement or a correction alone.</Empty>}
        columns={[
          { key: 'play', head: 'Play', cell: (play) => play.play_id ?? <span class="faint">without a key</span> },
          { key: 'user', head: 'Listener', cell: (play) => play.user_id ?? '–' },
          { key: 'started', head: 'Started', cell: (play) => <Instant of={play.started_at} /> },
          { key: 'heard', head: 'Listened', kind: 'figure', cell: (play) => duration(play.listened_ms) },
          { key: 'at', head: 'Counted at', kind: 'figure', cell: (play) => `${play.partition}:${play.position}` },
        ]}
      />
      {more !== null && plays.length < Math.abs(line.plays) ? (
        <p class="table-more unprinted">
          <button type="button" class="table-more-button" onClick={more}>
            Show up to {PLAYS_MAX}
          </button>
        </p>
      ) : null}
    </Card>
  );
}
