// What somebody's own listening would have paid, by two models: dropped in, counted, shown, forgotten.

import './try.css';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, send, type Shape } from '../../api/client';
import { Refusal, refusalOf } from '../../api/problem';
import { cut, sign, tenThousandths } from '../../figures/decimal';
import { count, money, percent } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Skeleton } from '../../parts/answered';
import { Card } from '../../parts/card';
import { TextField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money } from '../../parts/money';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Artists } from './artists';
import { Cent } from './cent';
import { Drop, type Dropped } from './drop';
import { zipped } from './zip';

type TrialResult = Shape<'TrialResult'>;

/** What the server takes. */
const BYTES_MAX = 64 * 1024 * 1024;

export default function TryScreen(): JSX.Element {
  const [fee, setFee] = useState('9.99');
  const [pool, setPool] = useState('70');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [result, setResult] = useState<TrialResult | null>(null);
  const [sent, setSent] = useState<{ body: Blob; name: string } | null>(null);
  const heading = useRef<HTMLDivElement>(null);
  const ask = async (what: { body: Blob; name: string }): Promise<void> => {
    setBusy(true);
    setRefusal(null);
    try {
      const answer = (await send('POST', address('/api/v1/royalty/trials', {}, { fee, pool, name: what.name }), { body: what.body, type: 'application/octet-stream' })) as TrialResult;
      setResult(answer);
      announce(`${answer.artists.length} artists, ${answer.listeners.reduce((sum, one) => sum + one.counted, 0)} counted plays.`);
    } catch (thrown) {
      setResult(null);
      setRefusal(refusalOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  const dropped = async (files: Dropped[]): Promise<void> => {
    const packed = await packedOf(files).catch((thrown: unknown) => refusalOf(thrown));
    if (packed instanceof Refusal) {
      setRefusal(packed);
      return;
    }
    setSent(packed);
    await ask(packed);
  };
  useEffect(() => {
    if (result !== null) heading.current?.scrollIntoView({ block: 'start' });
  }, [result]);
  return (
    <Screen title="Try it with your own plays" note="See what one month’s fee of yours would have paid to whom, by the two models that are argued about. Your file is counted in memory and forgotten; nothing of it is stored.">
      <Drop busy={busy} onDrop={(files) => void dropped(files)} />
      <form
        class="try-terms"
        onSubmit={(event) => {
          event.preventDefault();
          if (sent !== null) void ask(sent);
        }}
      >
        <TextField label="Fee" value={fee} onInput={setFee} hint="what a listener pays" />
        <TextField label="Part for artists, in %" value={pool} onInput={setPool} hint="the pool" />
        <button type="submit" class="button button-plain" aria-disabled={sent === null || busy}>
          Count again
        </button>
      </form>
      {refusal === null ? null : <Refused refusal={refusal} {...(sent === null ? {} : { onAgain: () => void ask(sent) })} />}
      {busy && result === null ? <Skeleton figures={3} rows={6} /> : null}
      <div ref={heading}>{result === null ? null : <Tried of={result} />}</div>
    </Screen>
  );
}

/** One file as it is, several as one zip. */
async function packedOf(files: readonly Dropped[]): Promise<{ body: Blob; name: string }> {
  const [first] = files;
  if (first === undefined) {
    throw new Refusal(0, 'no_history', 'None of these files is a listening history: it is a .zip, or .json files.');
  }
  const packed = files.length === 1 ? { body: first.file as Blob, name: first.file.name } : { body: await zipped(files), name: 'history.zip' };
  if (packed.body.size > BYTES_MAX) {
    throw new Refusal(0, 'too_large', `These files are larger than ${BYTES_MAX / 1024 / 1024} MiB. Send fewer of them, or only the JSON files with “audio” in their names.`);
  }
  return packed;
}

/** The pool's part as a percentage, where it has few digits; else as it was given. */
function shareOf(of: TrialResult): string {
  const share = cut(of.pool_share, 4);
  return share?.exact === true ? percent(tenThousandths(share.amount, '1'), 0) : of.pool_share;
}

function Tried({ of }: { of: TrialResult }): JSX.Element {
  const counted = of.listeners.reduce((sum, one) => sum + one.counted, 0);
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
          {count(counted)}
        </Figure>
        <Figure label="Artists" note={of.listeners.length > 1 ? `${count(more)} get more by user-centric, ${count(less)} less` : undefined}>
          {count(of.artists.length)}
        </Figure>
      </Figures>
      {of.cent === null ? null : <Cent of={of.cent} currency={of.currency} />}
      <Artists of={of} />
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
        <p>Pro-rata pools all fees and shares them by all plays. User-centric shares each listener’s fee by that listener’s own plays. With one listener both come to the same; the command “ledgerline royalty try” takes the histories of several people, and shows how they differ.</p>
      </Notice>
    </div>
  );
}
