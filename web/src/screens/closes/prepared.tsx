// A month before its close: what it would come to, what is missing, how it differs from the month before,
// and the close itself, which can't be taken back.

import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { get, post, type Shape } from '../../api/client';
import { usePolled } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { refusalOf, type Refusal } from '../../api/problem';
import { compare, sign, sum } from '../../figures/decimal';
import { count, counted, month, title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Empty } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Button } from '../../parts/button';
import { Card, Columns } from '../../parts/card';
import { Dialog, DialogActions } from '../../parts/dialog';
import { CheckField } from '../../parts/field';
import { Figure, Figures } from '../../parts/figure';
import { Money, Monies } from '../../parts/money';
import { Notice, Refused } from '../../parts/notice';
import { Table } from '../../parts/table';
import { to } from '../../router';
import { may } from '../../session/session';
import { Adjustments, MoneyByCurrency } from './sums';

type Close = Shape<'Close'>;
type Preview = Shape<'ClosePreview'>;

export function Prepared({ period, before, onClosed }: { period: string; before: Close | null; onClosed: () => void }): JSX.Element {
  const [tried, setTried] = useState<Close | null>(null);
  const [asks, setAsks] = useState(false);
  const trying = useDoing();
  const dryRun = (): void => {
    setTried(null);
    void trying.run(async () => {
      const found = await post('/api/v1/royalty/closes/{period}', { path: { period }, query: { dry_run: true } });
      setTried(found);
      announce(`The dry run of ${month(period)} is there.`);
    });
  };
  if (!may('royalty:write')) return <Empty title={`${month(period)} isn’t closed`}>Whoever may write royalties can close it.</Empty>;
  return (
    <>
      {before === null ? null : <Earlier of={before} />}
      <Card title="Dry run" note="Works the month out as a close would, and changes nothing.">
        <div class="close-steps">
          <Button look={tried === null ? 'primary' : 'plain'} icon="play" busy={trying.busy} onPress={dryRun}>
            {tried === null ? 'Try the close' : 'Try again'}
          </Button>
          {tried === null ? null : (
            <Button look="primary" icon="close" onPress={() => setAsks(true)}>
              Close {month(period)}…
            </Button>
          )}
        </div>
      </Card>
      {trying.refusal === undefined ? null : <CantClose refusal={trying.refusal} period={period} />}
      {tried === null ? null : <Tried of={tried} />}
      {tried === null ? null : (
        <CloseDialog
          of={tried}
          open={asks}
          onDone={(closed) => {
            setAsks(false);
            if (closed) onClosed();
          }}
        />
      )}
    </>
  );
}

/** A close that was begun or refused before. */
function Earlier({ of }: { of: Close }): JSX.Element {
  return of.state === 'refused' ? (
    <Notice tone="wait" title="The last try was refused">
      <ul class="notice-list">
        {of.refusals.map((refusal) => (
          <li key={refusal}>{refusal}</li>
        ))}
      </ul>
    </Notice>
  ) : (
    <Notice tone="wait" title="A close of this month was begun and hasn’t ended">
      Closing it again goes on from where it stopped; nothing is booked twice.
    </Notice>
  );
}

function CantClose({ refusal, period }: { refusal: Refusal; period: string }): JSX.Element {
  return (
    <>
      <Refused refusal={refusal} />
      {refusal.status === 409 ? (
        <p class="small">
          To mend it: <a href={to(['revenue'], { period })}>revenue of {month(period)}</a>, <a href={to(['contracts'])}>contracts</a>. Then try again.
        </p>
      ) : null}
    </>
  );
}

function Tried({ of }: { of: Close }): JSX.Element {
  const { summary, preview } = of;
  if (summary === null || summary === undefined) return <Refused refusal={refusalOf(new Error(of.refusals.join(' ') || 'The dry run came to nothing.'))} />;
  return (
    <>
      <Figures>
        <Figure large label={<>Would be payable <Badge tone="wait">Dry run</Badge></>}>
          <Monies of={summary.money.map((it) => ({ amount: it.paid, currency: it.currency }))} />
        </Figure>
        <Figure label="Counted plays">{count(summary.plays)}</Figure>
        <Figure label="Payees">{count(summary.payees)}</Figure>
        <Figure label="Lines" note={summary.adjusted_lines === 0 ? undefined : `and ${count(summary.adjusted_lines)} that adjust earlier months`}>
          {count(summary.lines)}
        </Figure>
      </Figures>
      {preview === null || preview === undefined ? null : <Gaps of={preview} period={of.period} />}
      <MoneyByCurrency of={summary.money} />
      {preview === null || preview === undefined ? null : <Difference of={preview} period={of.period} />}
      <Adjustments of={of.adjustments} />
    </>
  );
}

function Gaps({ of, period }: { of: Preview; period: string }): JSX.Element {
  return (
    <Columns>
      <Card title="Gaps" note={`What contracts leave open on the last day of ${month(period)}.`}>
        {of.gaps.length === 0 ? (
          <Empty title="No gap was found" />
        ) : (
          <ul class="gaps">
            {of.gaps.map((gap) => (
              <li key={gap.sentence}>
                <Badge tone={gap.wrong ? 'bad' : 'wait'}>{title(gap.kind)}</Badge>
                <span>{gap.sentence}</span>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Card title="Plays that are not paid" note="By where they stand.">
        <Table
          caption="Unpaid plays"
          dense
          rows={of.unpaid}
          rowKey={(it) => it.standing}
          empty={<Empty title="All of the month’s plays are paid" />}
          columns={[
            { key: 'standing', head: 'Standing', cell: (it) => title(it.standing) },
            { key: 'plays', head: 'Plays', kind: 'figure', cell: (it) => count(it.plays) },
          ]}
        />
        {of.unpaid.some((it) => it.standing === 'undecided') ? (
          <p class="small">
            <a href={to(['queues'], { queue: 'adjudication' })}>Decide those that wait</a> before the close, or they are adjusted later.
          </p>
        ) : null}
      </Card>
    </Columns>
  );
}

function Difference({ of, period }: { of: Preview; period: string }): JSX.Element {
  const before = of.compared_with === null ? 'Before' : month(of.compared_with, 'short');
  return (
    <Card title="Difference from the month before" note={of.compared_with === null ? 'No month was closed before it.' : 'What each payee earned, before anything is recouped, withheld or held. The greatest changes come first.'} flush>
      <Table
        caption={`${month(period)} beside ${before}, by payee`}
        rows={of.payees}
        rowKey={(it) => `${it.payee} ${it.currency}`}
        shown={25}
        empty={<Empty title="Nobody earns anything" />}
        columns={[
          { key: 'payee', head: 'Payee', cell: (it) => it.payee },
          { key: 'before', head: before, kind: 'figure', order: (a, b) => compare(a.before, b.before), cell: (it) => <Money amount={it.before} currency={it.currency} /> },
          { key: 'now', head: month(period, 'short'), kind: 'figure', order: (a, b) => compare(a.now, b.now), cell: (it) => <Money amount={it.now} currency={it.currency} /> },
          { key: 'change', head: 'Change', kind: 'figure', order: (a, b) => compare(a.change, b.change), cell: (it) => <Money signed amount={it.change} currency={it.currency} /> },
        ]}
      />
      {of.payees_total > of.payees.length ? <Notice>{`Shown are the ${count(of.payees.length)} that change most, of ${count(of.payees_total)}.`}</Notice> : null}
    </Card>
  );
}

/** Closing can't be taken back, so that is said and confirmed; it goes on even if the page is left. */
function CloseDialog({ of, open, onDone }: { of: Close; open: boolean; onDone: (closed: boolean) => void }): JSX.Element {
  const [looked, setLooked] = useState(false);
  const closing = useDoing();
  const { period } = of;
  // Before the dialog is seen: what somebody ticks at once must stand.
  useLayoutEffect(() => setLooked(false), [open]);
  const paid = of.summary?.money ?? [];
  const wrong = of.preview?.gaps.filter((gap) => gap.wrong).length ?? 0;
  const close = async (): Promise<void> => {
    const closed = await closing.run(async () => {
      await post('/api/v1/royalty/closes/{period}', { path: { period } });
      announce(`${month(period)} is closed.`);
    });
    if (closed) onDone(true);
  };
  return (
    <Dialog title={`Close ${month(period)}`} open={open} onClose={() => onDone(false)}>
      <form
        class="close-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (looked) void close();
        }}
      >
        <p>
          {paid.every((it) => sign(it.paid) === 0) ? 'Nothing becomes payable.' : <>By the dry run, {paid.map((it, at) => <span key={it.currency}>{at === 0 ? '' : ' and '}<Money amount={sum([it.paid])} currency={it.currency} /></span>)} become payable to {counted(of.summary?.payees ?? 0, 'payee')}.</>} Plays that came since then are taken in too. A closed month never changes; what comes to light later is an adjustment on the next.
        </p>
        {wrong === 0 ? null : <Notice tone="wait">{`${counted(wrong, 'gap')} must be mended first; the close would be refused.`}</Notice>}
        <CheckField label="I have looked at the gaps and differences" checked={looked} onChange={setLooked} />
        {closing.refusal === undefined ? null : <Refused refusal={closing.refusal} />}
        {closing.busy ? <Progress period={period} /> : null}
        <DialogActions>
          <Button onPress={() => onDone(false)}>Cancel</Button>
          <Button look="primary" submits busy={closing.busy} disabled={!looked}>
            Close the month
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** What the close is at, asked each second. */
function Progress({ period }: { period: string }): JSX.Element {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  // Of the list: before it has begun, the close itself isn't there.
  const closes = usePolled((signal) => get('/api/v1/royalty/closes', { signal }), 1000, [period]);
  const state = closes.value?.items.find((close) => close.period === period)?.state;
  const at = state === 'closed' ? 'Its entries are booked.' : state === 'begun' ? 'Its statements are written.' : 'Its plays are added up.';
  return (
    <Notice title={`Closing, for ${count(seconds)} s`}>
      {at} It goes on even if this page is left.
    </Notice>
  );
}
