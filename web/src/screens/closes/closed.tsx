// A close that was made: its figures, its pools to the last millionth, and whether files, statements and
// ledger still agree.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { gather, useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { compare, sum } from '../../figures/decimal';
import { count, counted, instant, month, territory, title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Answered, Empty } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Hash } from '../../parts/code';
import { Dialog } from '../../parts/dialog';
import { Facts, Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { Notice, Refused } from '../../parts/notice';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { Adjustments, MoneyByCurrency } from './sums';

const PAGE = 500;
/** At most so many pages of pools are read. */
const PAGES_MAX = 4;

type Close = Shape<'Close'>;
/** What facts are called that the API names in short. */
const FACTS: Readonly<Record<string, string>> = { fx: 'exchange rates' };
type Pool = Shape<'ClosedPool'>;

export function Closed({ close }: { close: Close }): JSX.Element {
  const { summary } = close;
  return (
    <>
      {summary === null || summary === undefined ? null : (
        <>
          <Figures>
            <Figure large label="Payable" note={`booked ${instant(close.booked_at)}`}>
              <Monies of={summary.money.map((it) => ({ amount: it.paid, currency: it.currency }))} />
            </Figure>
            <Figure label="Counted plays">{count(summary.plays)}</Figure>
            <Figure label="Payees">
              <a class="figure-link" href={to(['statements'], { period: close.period })}>
                {count(summary.payees)}
              </a>
            </Figure>
            <Figure label="Lines" note={summary.adjusted_lines === 0 ? undefined : `and ${count(summary.adjusted_lines)} that adjust earlier months`}>
              {count(summary.lines)}
            </Figure>
            <Figure label="Ledger entries">
              <a class="figure-link" href={to(['ledger'], { period: close.period })}>
                {count(summary.entries)}
              </a>
            </Figure>
          </Figures>
          <MoneyByCurrency of={summary.money} />
        </>
      )}
      <Pools period={close.period} />
      <Adjustments of={close.adjustments} />
      <Verification period={close.period} />
      <Card title="What it was made from">
        <Facts
          of={[
            ['Revisions', Object.entries(close.revisions).map(([kind, revision]) => `${FACTS[kind] ?? kind} ${revision}`).join(', ')],
            ['Plays taken in', close.cut.map((it) => `partition ${it.partition} up to ${count(it.position)}`).join(', ')],
            close.manifest_sha256 === null ? null : ['List of files', <Hash key="m" of={close.manifest_sha256 ?? ''} what="the digest of the list of files" />],
            close.ledger_head === null ? null : ['Signed head', <Hash key="h" of={close.ledger_head ?? ''} what="the signed head of the ledger" shown={48} />],
          ]}
        />
      </Card>
    </>
  );
}

function Pools({ period }: { period: string }): JSX.Element {
  const pools = useAnswer(
    (signal) => gather((after: string | undefined) => get('/api/v1/royalty/closes/{period}/pools', { path: { period }, query: { limit: PAGE, ...(after === undefined ? {} : { after }) }, signal }), PAGES_MAX),
    [period],
  );
  const [opened, setOpened] = useState<Pool | null>(null);
  return (
    <Card title="Pools" note="Each is allocated once, to lines that sum to it. What nobody is known to hold stands as unmatched." flush>
      <Answered of={pools}>
        {({ items, whole }) => (
          <>
            {whole ? null : <Notice tone="wait">{`Only the first ${count(items.length)} pools are shown; the sums are theirs.`}</Notice>}
            <PoolTable of={items} period={period} onOpen={setOpened} />
          </>
        )}
      </Answered>
      <PoolDialog of={opened} onClose={() => setOpened(null)} />
    </Card>
  );
}

function PoolTable({ of, period, onOpen }: { of: readonly Pool[]; period: string; onOpen: (pool: Pool) => void }): JSX.Element {
  const amount = (which: 'money' | 'allocated' | 'remainder' | 'unmatched') => ({
    kind: 'figure' as const,
    order: (a: Pool, b: Pool) => compare(a[which], b[which]),
    cell: (pool: Pool) => <Money amount={pool[which]} currency={pool.currency} />,
  });
  const total = (which: 'money' | 'allocated' | 'remainder' | 'unmatched'): JSX.Element => <Monies of={sums(of, which)} />;
  return (
    <Table
      caption={`Pools of ${month(period)}`}
      rows={of}
      rowKey={(pool) => pool.number}
      shown={50}
      empty={<Empty title="This close has no pool" />}
      columns={[
        {
          key: 'pool',
          head: 'Pool',
          cell: (pool) => (
            <Button look="link" onPress={() => onOpen(pool)}>
              {title(pool.right)}, {pool.territory === null ? 'any territory' : territory(pool.territory)}, {pool.tier ?? 'any tier'}
              <span class="unseen">, how pool {pool.number} came about</span>
            </Button>
          ),
        },
        { key: 'licence', head: 'Licence', cell: (pool) => <a href={to(['contracts', pool.licence.split('/')[0] ?? pool.licence])}>{pool.licence}</a> },
        { key: 'plays', head: 'Plays', kind: 'figure', order: (a, b) => a.plays - b.plays, cell: (pool) => count(pool.plays) },
        { key: 'lines', head: 'Lines', kind: 'figure', cell: (pool) => count(pool.lines) },
        { key: 'money', head: 'Money', ...amount('money') },
        { key: 'allocated', head: 'Allocated', ...amount('allocated') },
        { key: 'remainder', head: 'Remainder', ...amount('remainder') },
        { key: 'unmatched', head: 'Unmatched', ...amount('unmatched') },
      ]}
      {...(of.length === 0 ? {} : { foot: ['Sum', null, null, count(of.reduce((all, pool) => all + pool.lines, 0)), total('money'), total('allocated'), total('remainder'), total('unmatched')] })}
    />
  );
}

function sums(of: readonly Pool[], which: 'money' | 'allocated' | 'remainder' | 'unmatched'): { amount: string; currency: string }[] {
  const currencies = [...new Set(of.map((pool) => pool.currency))].sort();
  return currencies.map((currency) => ({ currency, amount: sum(of.filter((pool) => pool.currency === currency).map((pool) => pool[which])) }));
}

function PoolDialog({ of, onClose }: { of: Pool | null; onClose: () => void }): JSX.Element {
  return (
    <Dialog title={of === null ? 'Pool' : `Pool ${of.number}: ${title(of.right)}`} open={of !== null} onClose={onClose}>
      {of === null ? null : (
        <>
          <Facts
            of={[
              ['Revenue of', `${of.territory === null ? 'any territory' : territory(of.territory)}, ${of.tier === null ? 'any tier' : title(of.tier)}`],
              ['Licence', <a key="l" href={to(['contracts', of.licence.split('/')[0] ?? of.licence])}>{of.licence}</a>],
              ['Recordings', count(of.recordings)],
              ['Payees', count(of.payees)],
            ]}
          />
          <Table
            dense
            caption="How its money came about"
            captionShown
            rows={of.steps}
            rowKey={(step) => step.what}
            columns={[
              { key: 'what', head: 'Step', cell: (step) => step.what },
              { key: 'result', head: 'Result', kind: 'figure', cell: (step) => <span class="number">{step.result}</span> },
            ]}
          />
        </>
      )}
    </Dialog>
  );
}

function Verification({ period }: { period: string }): JSX.Element {
  const [found, setFound] = useState<Shape<'CloseCheck'> | null>(null);
  const checking = useDoing();
  const check = (): void => {
    void checking.run(async () => {
      const check = await get('/api/v1/royalty/closes/{period}/verification', { path: { period } });
      setFound(check);
      announce(check.holds ? 'Nothing differs.' : `${check.findings.length} findings.`);
    });
  };
  return (
    <Card title="Verification" note="Compares files with their digests, statements with their lines, and both with the ledger.">
      <div class="close-form">
        <div>
          <Button icon="check" busy={checking.busy} onPress={check}>
            {found === null ? 'Verify this close' : 'Verify again'}
          </Button>
        </div>
        {checking.refusal === undefined ? null : <Refused refusal={checking.refusal} />}
        {found === null ? null : (
          <Notice tone={found.holds ? 'good' : 'bad'} title={found.holds ? 'Everything agrees' : 'It doesn’t agree'}>
            <p>{`${counted(found.files, 'file')}, ${counted(found.statements, 'statement')} and ${counted(found.entries, 'ledger entry', 'ledger entries')} were compared.`}</p>
            {found.findings.length === 0 ? null : (
              <ul class="notice-list">
                {found.findings.map((finding) => (
                  <li key={finding}>{finding}</li>
                ))}
              </ul>
            )}
          </Notice>
        )}
      </div>
    </Card>
  );
}
