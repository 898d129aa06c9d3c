// What somebody's own listening would have paid, by two models: dropped in, counted, shown, forgotten.

import './try.css';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, send, type Shape } from '../../api/client';
import { Refusal, refusalOf } from '../../api/problem';
import { cut, sign, tenThousandths } from '../../figures/decimal';
import { count, counted, money, percent } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Skeleton } from '../../parts/answered';
import { Bar } from '../../parts/bar';
import { Card } from '../../parts/card';
import { TextField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money } from '../../parts/money';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Button } from '../../parts/button';
import { Artists } from './artists';
import { Cent } from './cent';
import { Drop, type Dropped } from './drop';
import { BYTES_MAX, bytesOf, joined, LISTENERS_MAX, type Listener, sentOf } from './listeners';

type TrialResult = Shape<'TrialResult'>;

export default function TryScreen(): JSX.Element {
  const [fee, setFee] = useState('9.99');
  const [pool, setPool] = useState('70');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [result, setResult] = useState<TrialResult | null>(null);
  const [listeners, setListeners] = useState<readonly Listener[]>([]);
  const heading = useRef<HTMLDivElement>(null);
  const asked = useRef(0);
  const ask = async (of: readonly Listener[]): Promise<void> => {
    asked.current += 1;
    const mine = asked.current;
    const { body, query } = sentOf(of);
    setBusy(true);
    setRefusal(null);
    try {
      const answer = (await send('POST', address('/api/v1/royalty/trials', {}, { fee, pool, ...query }), { body, type: 'application/octet-stream' })) as TrialResult;
      // Somebody was added or left out meanwhile.
      if (mine !== asked.current) return;
      setResult(answer);
      announce(`${counted(answer.listeners.length, 'listener')}, ${counted(answer.artists.length, 'artist')}, ${counted(answer.listeners.reduce((sum, one) => sum + one.counted, 0), 'counted play')}.`);
    } catch (thrown) {
      if (mine !== asked.current) return;
      setResult(null);
      setRefusal(refusalOf(thrown));
    } finally {
      if (mine === asked.current) setBusy(false);
    }
  };
  const dropped = async (files: Dropped[]): Promise<void> => {
    const all = await joined(listeners, files).catch((thrown: unknown) => refusalOf(thrown));
    if (all instanceof Refusal) {
      setRefusal(all);
      return;
    }
    setListeners(all);
    await ask(all);
  };
  const without = (name: string): void => {
    const rest = listeners.filter((one) => one.name !== name);
    setListeners(rest);
    if (rest.length > 0) {
      void ask(rest);
      return;
    }
    asked.current += 1;
    setBusy(false);
    setResult(null);
    setRefusal(null);
  };
  useEffect(() => {
    if (result !== null) heading.current?.scrollIntoView({ block: 'start' });
  }, [result]);
  return (
    <Screen title="Try it with your own plays" note="See what one month’s fee of yours, and of others, would have paid to whom, by the two models that are argued about. Your files are counted in memory and forgotten; nothing of them is stored.">
      <Drop busy={busy} several={listeners.length > 0} onDrop={(files) => void dropped(files)} />
      {listeners.length === 0 ? null : <Whose of={listeners} onRemove={without} />}
      <form
        class="try-terms"
        onSubmit={(event) => {
          event.preventDefault();
          if (listeners.length > 0) void ask(listeners);
        }}
      >
        <TextField label="Fee" value={fee} onInput={setFee} hint="what each listener pays" />
        <TextField label="Part for artists, in %" value={pool} onInput={setPool} hint="the pool" />
        <button type="submit" class="button button-plain" aria-disabled={listeners.length === 0 || busy}>
          Count again
        </button>
      </form>
      {refusal === null ? null : <Refused refusal={refusal} {...(listeners.length === 0 ? {} : { onAgain: () => void ask(listeners) })} />}
      {busy && result === null ? <Skeleton figures={3} rows={6} /> : null}
      <div ref={heading}>{result === null ? null : <Tried of={result} />}</div>
    </Screen>
  );
}

/** Who is counted; each can be left out again. */
function Whose({ of, onRemove }: { of: readonly Listener[]; onRemove: (name: string) => void }): JSX.Element {
  return (
    <Card title={counted(of.length, 'listener')} note={`Each zip or folder is a listener’s. ${mebibytes(bytesOf(of))} of ${mebibytes(BYTES_MAX)}, ${of.length} of ${LISTENERS_MAX}.`}>
      <ul class="try-listeners">
        {of.map(({ name, packed }) => (
          <li key={name}>
            <span class="try-listener">{name}</span>
            <span class="faint small">{mebibytes(packed.size)}</span>
            <Button look="quiet" icon="cross" label={`Leave out ${name}`} onPress={() => onRemove(name)} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function mebibytes(bytes: number): string {
  const whole = bytes >= 10 * 1024 * 1024;
  return bytes < 1024 * 1024 ? `${count(Math.ceil(bytes / 1024))} KiB` : `${(bytes / 1024 / 1024).toFixed(whole ? 0 : 1)} MiB`;
}

/** The pool's part as a percentage, where it has few digits; else as it was given. */
function shareOf(of: TrialResult): string {
  const share = cut(of.pool_share, 4);
  return share?.exact === true ? percent(tenThousandths(share.amount, '1'), 0) : of.pool_share;
}

function Tried({ of }: { of: TrialResult }): JSX.Element {
  const counts = of.listeners.reduce((sum, one) => sum + one.counted, 0);
  const plays = of.listeners.reduce((sum, one) => sum + one.plays, 0);
  const more = of.artists.filter((row) => sign(row.difference) > 0).length;
  const less = of.artists.filter((row) => sign(row.difference) < 0).length;
  return (
    <div class="try-result">
      <Figures>
        <Figure large label="Shared among artists" note={`${shareOf(of)} of ${of.listeners.length === 1 ? '' : `${of.listeners.length} × `}${money(of.fee, of.currency)}`}>
          <Money amount={of.pools.user_centric} currency={of.currency} />
        </Figure>
        <Figure label="Counted plays" note={`of ${count(plays)} in the history`}>
          {count(counts)}
        </Figure>
        <Figure label="Artists" note={of.listeners.length > 1 ? `${count(more)} get more by user-centric, ${count(less)} less` : undefined}>
          {count(of.artists.length)}
        </Figure>
      </Figures>
      {of.cent === null ? null : <Cent of={of.cent} currency={of.currency} />}
      <Artists of={of} />
      {of.listeners.length > 1 ? <Listeners of={of} /> : null}
      {of.left_out.length === 0 ? null : (
        <Card title="What was left out">
          <ul class="small soft">
            {of.left_out.map((sentence, at) => (
              <li key={at}>{sentence}</li>
            ))}
          </ul>
        </Card>
      )}
      <Notice title="Whose models these are">
        <p>Pro-rata pools all fees and shares them by all plays. User-centric shares each listener’s fee by that listener’s own plays. {of.listeners.length > 1 ? 'The more the listeners’ numbers of plays differ, the more the models do: whoever plays much moves others’ fees in pro-rata, and only the own in user-centric.' : 'With one listener both come to the same: add somebody else’s history, and see how they differ.'}</p>
      </Notice>
    </div>
  );
}

/** What each listener's fee was shared by. */
function Listeners({ of }: { of: TrialResult }): JSX.Element {
  const all = of.listeners.reduce((sum, one) => sum + one.counted, 0);
  return (
    <Card title="The listeners" note="Everybody pays the same fee. In pro-rata it counts by how much one plays; in user-centric everybody’s fee goes to the own artists." flush>
      <Table
        caption="Who listened, and how much"
        rows={of.listeners}
        rowKey={(one) => one.name}
        columns={[
          { key: 'name', head: 'Listener', cell: (one) => one.name },
          { key: 'plays', head: 'Plays', kind: 'figure', order: (a, b) => a.plays - b.plays, cell: (one) => count(one.plays) },
          { key: 'counted', head: 'Counted', kind: 'figure', order: (a, b) => a.counted - b.counted, cell: (one) => count(one.counted) },
          { key: 'part', head: 'Of all plays', kind: 'figure', cell: (one) => percent(all === 0 ? 0 : Math.round((one.counted * 10_000) / all)) },
          { key: 'bar', head: <span class="unseen">Drawn</span>, label: '', cell: (one) => <Bar tenThousandths={all === 0 ? 0 : Math.round((one.counted * 10_000) / all)} /> },
        ]}
      />
    </Card>
  );
}
