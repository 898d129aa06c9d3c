// What a month would pay by other contracts, beside what it pays by those that are in force.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, post, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { compare, sign } from '../../figures/decimal';
import { counted, month } from '../../figures/format';
import { running, upTo } from '../../figures/months';
import { announce } from '../../parts/announce';
import { Empty } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField } from '../../parts/field';
import { Money } from '../../parts/money';
import { Notice, Refused } from '../../parts/notice';
import { Table } from '../../parts/table';

const MONTHS = 24;

export type TermsFile = Shape<'ImportTermsFile'>;

export function MonthPreview({ files }: { files: readonly TermsFile[] }): JSX.Element {
  const closes = useAnswer((signal) => get('/api/v1/royalty/closes', { signal }), []);
  const newest = (closes.value?.items ?? []).map((close) => close.period).sort().at(-1);
  const [chosen, setChosen] = useState<string | null>(null);
  const [found, setFound] = useState<Shape<'TermsPreview'> | null>(null);
  const working = useDoing();
  const period = chosen ?? newest ?? running();
  const drawnFrom = JSON.stringify(files);
  // Figures of other files must not stand under these.
  useEffect(() => setFound(null), [drawnFrom]);
  const work = (): void => {
    setFound(null);
    void working.run(async () => {
      setFound(await post('/api/v1/royalty/terms/preview', { json: { files: [...files], period } }));
      announce(`What ${month(period)} would pay is there.`);
    });
  };
  return (
    <Card title="What a month would pay" note="Works a month out twice: by the contracts in force, and with these. Nothing is stored.">
      <div class="contract-form">
        <div class="contract-line">
          <SelectField
            label="Month"
            value={period}
            options={upTo(running(), MONTHS).map((one) => ({ value: one, label: month(one) }))}
            onChange={(wanted) => {
              setChosen(wanted);
              setFound(null);
            }}
          />
          <Button icon="comparison" busy={working.busy} disabled={files.length === 0} onPress={work}>
            Work it out
          </Button>
        </div>
        {working.refusal === undefined ? null : <Refused refusal={working.refusal} />}
        {found === null ? null : <Found of={found} />}
      </div>
    </Card>
  );
}

function Found({ of }: { of: Shape<'TermsPreview'> }): JSX.Element {
  const changed = of.payees.filter((it) => sign(it.change) !== 0).length;
  return (
    <>
      <Missing title="By the contracts in force, the month can’t be paid" of={of.missing_now} />
      <Missing title="With these, the month couldn’t be paid" of={of.missing_then} />
      <p class="small soft">{changed === 0 ? 'Nobody’s money changes.' : `The money of ${counted(changed, 'payee')} changes.`}</p>
      <Table
        caption={`What ${month(of.period)} pays, and would pay`}
        rows={of.payees}
        rowKey={(it) => `${it.payee} ${it.currency}`}
        shown={25}
        empty={<Empty title="Nobody has a line in this month" />}
        columns={[
          { key: 'payee', head: 'Payee', cell: (it) => it.payee },
          { key: 'now', head: 'In force', kind: 'figure', order: (a, b) => compare(a.now, b.now), cell: (it) => <Money amount={it.now} currency={it.currency} /> },
          { key: 'then', head: 'With these', kind: 'figure', order: (a, b) => compare(a.then, b.then), cell: (it) => <Money amount={it.then} currency={it.currency} /> },
          { key: 'change', head: 'Change', kind: 'figure', order: (a, b) => compare(a.change, b.change), cell: (it) => <Money signed amount={it.change} currency={it.currency} /> },
        ]}
      />
    </>
  );
}

function Missing({ title, of }: { title: string; of: readonly string[] }): JSX.Element | null {
  if (of.length === 0) return null;
  return (
    <Notice tone="wait" title={title}>
      <ul class="notice-list">
        {of.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </Notice>
  );
}
