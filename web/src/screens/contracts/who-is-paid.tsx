// For one recording: which terms decide, why the others don't, and who is paid in the end.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { cut } from '../../figures/decimal';
import { counted, day, percent, territory, title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Empty } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { SelectField, TextField } from '../../parts/field';
import { Facts } from '../../parts/figure';
import { Notice, Refused } from '../../parts/notice';
import { Table } from '../../parts/table';
import { place, to } from '../../router';

const RIGHTS = ['master', 'mechanical', 'performance'].map((right) => ({ value: right, label: title(right) }));

type Explanation = Shape<'TermsExplanation'>;
type Part = Explanation['parts'][number];

export function WhoIsPaid(): JSX.Element {
  // A track’s page leads here with its id.
  const [asked, setAsked] = useState({ track: place.peek().query.get('track') ?? '', right: 'master', territory: '', tier: '', date: '' });
  const [found, setFound] = useState<Explanation | null>(null);
  const asking = useDoing();
  const set = (name: keyof typeof asked) => (value: string) => setAsked({ ...asked, [name]: value });
  const ask = (): void => {
    setFound(null);
    const query = Object.fromEntries(Object.entries(asked).flatMap(([name, value]) => (value.trim() === '' ? [] : [[name, value.trim()]])));
    void asking.run(async () => {
      setFound(await get('/api/v1/royalty/terms/explain', { query: { ...query, track: asked.track.trim() } }));
      announce('Who is paid stands below.');
    });
  };
  useEffect(() => {
    if (asked.track !== '') ask();
  }, []);
  return (
    <Card title="Who is paid for a recording" note="Which terms decide about a play of it, why the others don’t, and who gets which part in the end.">
      <div class="contract-form">
        <form
          class="contract-line"
          onSubmit={(event) => {
            event.preventDefault();
            ask();
          }}
        >
          <TextField label="Recording" value={asked.track} onInput={set('track')} hint="Its track id." required />
          <SelectField label="Right" value={asked.right} options={RIGHTS} onChange={set('right')} />
          <TextField label="Territory" value={asked.territory} onInput={set('territory')} hint="Such as SE; empty for any." lengthMax={2} />
          <TextField label="Tier" value={asked.tier} onInput={set('tier')} hint="Such as premium; empty for any." />
          <TextField label="Day" type="date" value={asked.date} onInput={set('date')} hint="Today if empty." />
          <Button submits busy={asking.busy}>
            Find out
          </Button>
        </form>
        {asking.refusal === undefined ? null : <Refused refusal={asking.refusal} />}
        {found === null ? null : <Found of={found} />}
      </div>
    </Card>
  );
}

function Found({ of }: { of: Explanation }): JSX.Element {
  const where = of.territory === null || of.territory === undefined ? 'any territory' : territory(of.territory);
  return (
    <>
      <h3>{`${of.track}, ${of.right} right, ${where}, ${of.tier ?? 'any tier'}, ${day(of.date)}`}</h3>
      {of.parts.length === 0 ? <Empty title="Nobody is known to hold this right" /> : of.parts.map((part) => <OfHolder key={part.holder} of={part} />)}
    </>
  );
}

function OfHolder({ of }: { of: Part }): JSX.Element {
  return (
    <>
      <Facts
        of={[
          ['Held by', `${of.holder}, ${part(of.share)}`],
          ['Decides', of.won === null || of.won === undefined ? 'no term: it isn’t paid' : <Term key="w" of={of.won.term} title={of.won.title} />],
        ]}
      />
      {of.error === null || of.error === undefined ? (
        <Table
          dense
          caption={`Who is paid of ${of.holder}’s part`}
          rows={of.leaves}
          rowKey={(leaf) => `${leaf.payee} ${leaf.passed.join()}`}
          empty={<Empty title="Nobody is paid of it" />}
          columns={[
            { key: 'payee', head: 'Payee', cell: (leaf) => leaf.payee },
            { key: 'share', head: 'Part', kind: 'figure', cell: (leaf) => part(leaf.share) },
            { key: 'passed', head: 'Passed on by', cell: (leaf) => (leaf.passed.length === 0 ? 'kept by the holder' : leaf.passed.map((term) => <Term key={term} of={term} title={term} />)) },
          ]}
        />
      ) : (
        <Notice tone="bad" title="Agreements contradict each other">
          <p>{of.error}</p>
        </Notice>
      )}
      {of.lost.length === 0 ? null : (
        <details class="lost">
          <summary>{`Why ${counted(of.lost_total, 'other term doesn’t', 'other terms don’t')} decide`}</summary>
          <Table
            dense
            caption="Terms that don’t decide"
            rows={of.lost}
            rowKey={(term) => term.term}
            shown={10}
            columns={[
              { key: 'term', head: 'Term', cell: (term) => <Term of={term.term} title={term.title} /> },
              { key: 'why', head: 'Why not', kind: 'wide', cell: (term) => title(term.why) },
            ]}
          />
        </details>
      )}
    </>
  );
}

/** `contract/term` as a link to its contract. */
function Term({ of, title: called }: { of: string; title: string }): JSX.Element {
  return (
    <a href={to(['contracts', of.split('/')[0] ?? of])}>
      {called === of ? of : `${called} (${of})`}
    </a>
  );
}

/** An exact part, `0.22` or `1/3`: as a percentage, and as it is where that is rounded. */
function part(share: string): string {
  const found = cut(share, 4);
  if (found === null) return share;
  const written = percent(Number.parseInt(found.amount.replace('.', ''), 10), 2);
  return found.exact ? written : `${share}, about ${written}`;
}
