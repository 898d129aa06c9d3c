// The ledger: entries to search, balances as of a day, the signed head, and whether the chain holds.

import './ledger.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, type Shape } from '../../api/client';
import { useAnswer, usePages } from '../../api/answer';
import { useDoing } from '../../api/doing';
import { compare } from '../../figures/decimal';
import { count, counted, instant, month, title } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Answered, AnsweredPages, Empty, Skeleton } from '../../parts/answered';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Hash, Id } from '../../parts/code';
import { Choices, TextField } from '../../parts/field';
import { Facts } from '../../parts/figure';
import { Money } from '../../parts/money';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Day } from '../../parts/time';
import { requery, to } from '../../router';
import type { ScreenProps } from '../routes';

const PAGE = 100;

type Entry = Shape<'LedgerEntry'>;

const VIEWS = [
  { value: 'entries', label: 'Entries' },
  { value: 'balances', label: 'Balances' },
  { value: 'proof', label: 'Proof' },
] as const;
type View = (typeof VIEWS)[number]['value'];

export default function LedgerScreen({ query }: ScreenProps): JSX.Element {
  const view: View = VIEWS.find((one) => one.value === query.get('view'))?.value ?? 'entries';
  return (
    <Screen title="Ledger" note="Double-entry and append-only; each entry carries the hash of the one before." actions={<Choices label="View" value={view} options={VIEWS} onChange={(wanted) => requery({ view: wanted })} />}>
      {view === 'entries' ? <Entries query={query} /> : view === 'balances' ? <Balances query={query} /> : <Proof />}
    </Screen>
  );
}

const SOUGHT = [
  { name: 'party', label: 'Party', hint: 'An id, such as northern-lights.' },
  { name: 'account', label: 'Account', hint: 'Such as party:P1/EUR/payable.' },
  { name: 'period', label: 'Month', hint: 'Such as 2026-10.' },
  { name: 'corrects', label: 'Corrects', hint: 'The key of the entry that is mended.' },
] as const;
type Sought = Partial<Record<(typeof SOUGHT)[number]['name'], string>>;

function soughtIn(query: URLSearchParams): Sought {
  return Object.fromEntries(SOUGHT.flatMap(({ name }) => {
    const value = (query.get(name) ?? '').trim();
    return value === '' ? [] : [[name, value]];
  }));
}

function Entries({ query }: { query: URLSearchParams }): JSX.Element {
  const sought = soughtIn(query);
  const asked = JSON.stringify(sought);
  const entries = usePages((after: string | undefined, signal) => get('/api/v1/ledger/entries', { query: { ...sought, limit: PAGE, ...(after === undefined ? {} : { after }) }, signal }), [asked]);
  return (
    <>
      <Search key={asked} of={sought} />
      <Card title="Entries" note="In the order of their numbers; none is missing and none is ever changed." flush>
        <AnsweredPages of={entries}>
          {(items) => (
            <Table
              caption="Ledger entries"
              rows={items}
              rowKey={(entry) => entry.seq}
              shown={PAGE}
              empty={<Empty title="No entry fits">Entries come with the first close, and with advances and payouts.</Empty>}
              columns={[
                { key: 'seq', head: 'No.', kind: 'figure', cell: (entry) => count(entry.seq) },
                { key: 'effective', head: 'Day', cell: (entry) => <Day of={entry.effective} /> },
                { key: 'period', head: 'Month', cell: (entry) => <span class="number">{month(entry.period, 'short')}</span> },
                { key: 'reason', head: 'Reason', cell: (entry) => <Reason of={entry} /> },
                { key: 'postings', head: 'Postings', cell: (entry) => <Postings of={entry} /> },
                { key: 'hash', head: 'Hash', cell: (entry) => <span class="ledger-hash"><Hash of={entry.hash} what={`the hash of entry ${entry.seq}`} shown={8} /></span> },
              ]}
            />
          )}
        </AnsweredPages>
      </Card>
    </>
  );
}

function Search({ of }: { of: Sought }): JSX.Element {
  const [typed, setTyped] = useState<Sought>(of);
  return (
    <Card title="Search" note="Entries for which all of it holds.">
      <form
        class="ledger-search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          requery(Object.fromEntries(SOUGHT.map(({ name }) => [name, typed[name]?.trim() || null])));
        }}
      >
        {SOUGHT.map(({ name, label, hint }) => (
          <TextField key={name} label={label} hint={hint} value={typed[name] ?? ''} onInput={(value) => setTyped({ ...typed, [name]: value })} />
        ))}
        <div class="ledger-do">
          <Button look="primary" submits>
            Search
          </Button>
          {Object.keys(of).length === 0 ? null : <Button onPress={() => requery(Object.fromEntries(SOUGHT.map(({ name }) => [name, null])))}>Show all</Button>}
        </div>
      </form>
    </Card>
  );
}

function Reason({ of }: { of: Entry }): JSX.Element {
  return (
    <span class="ledger-reason">
      {title(of.reason)}
      <br />
      <span class="faint small">
        <Id of={of.key} />
      </span>
      {of.corrects === null ? null : (
        <>
          <br />
          <span class="small">
            corrects <Id of={of.corrects ?? ''} />
          </span>
        </>
      )}
      {of.note === '' ? null : (
        <>
          <br />
          <span class="small soft">{of.note}</span>
        </>
      )}
    </span>
  );
}

/** Each side of an entry; together they come to nothing. */
function Postings({ of }: { of: Entry }): JSX.Element {
  return (
    <ul class="postings">
      {of.postings.map((posting) => (
        <li key={posting.account}>
          <a href={to(['ledger'], { account: posting.account })}>{posting.account}</a>
          <Money amount={posting.amount} currency={posting.account.split('/')[1] ?? ''} />
        </li>
      ))}
    </ul>
  );
}

function Balances({ query }: { query: URLSearchParams }): JSX.Element {
  const [party, asOf] = [query.get('party') ?? '', query.get('as_of') ?? ''];
  const [typed, setTyped] = useState(party);
  const balances = usePages(
    (after: string | undefined, signal) => get('/api/v1/ledger/balances', { query: { limit: PAGE, ...(party === '' ? {} : { party }), ...(asOf === '' ? {} : { as_of: asOf }), ...(after === undefined ? {} : { after }) }, signal }),
    [party, asOf],
  );
  return (
    <>
      <Card title="Which" note="Every balance is the sum of its entries.">
        <form
          class="ledger-search"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            requery({ party: typed.trim() || null });
          }}
        >
          <TextField label="Party" value={typed} onInput={setTyped} hint="Empty for all." />
          <TextField label="As of" type="date" value={asOf} onInput={(day) => requery({ as_of: day || null })} hint="By the day on which entries hold, UTC." />
          <div class="ledger-do">
            <Button look="primary" submits>
              Show
            </Button>
          </div>
        </form>
      </Card>
      <Card title="Balances" flush>
        <AnsweredPages of={balances}>
          {(items) => (
            <Table
              caption="Balances of accounts"
              rows={items}
              rowKey={(it) => it.account}
              shown={PAGE}
              empty={<Empty title="No account has an entry" />}
              columns={[
                { key: 'account', head: 'Account', cell: (it) => <a href={to(['ledger'], { account: it.account })}>{it.account}</a> },
                { key: 'holder', head: 'Holder', cell: (it) => it.holder.replace(/^party:/, '') },
                { key: 'kind', head: 'Kind', cell: (it) => title(it.kind) },
                { key: 'balance', head: 'Balance', kind: 'figure', order: (a, b) => compare(a.balance, b.balance), cell: (it) => <Money amount={it.balance} currency={it.currency} /> },
              ]}
            />
          )}
        </AnsweredPages>
      </Card>
    </>
  );
}

function Proof(): JSX.Element {
  const head = useAnswer((signal) => get('/api/v1/ledger/head', { signal }), []);
  return (
    <>
      <Verification />
      <Card title="Signed head" note="What statements and checkpoints carry. The key that signs it lies outside of the database.">
        <Answered of={head} skeleton={<Skeleton rows={4} />}>
          {(it) =>
            it.hash === null || it.hash === undefined ? (
              <Empty title="The ledger has no entry yet" />
            ) : (
              <Facts
                of={[
                  ['Entries', count(it.entries)],
                  ['Booked', it.booked_at === null || it.booked_at === undefined ? '–' : instant(it.booked_at)],
                  ['Month', it.period === null || it.period === undefined ? '–' : month(it.period)],
                  ['Last hash', <Hash key="h" of={it.hash} what="the last entry’s hash" shown={64} />],
                  ['Public key', it.public_key === null || it.public_key === undefined ? 'nothing was signed yet' : <Hash key="k" of={it.public_key} what="the public key" shown={64} />],
                  it.signed === null || it.signed === undefined ? null : ['Signed line', <Hash key="s" of={it.signed} what="the signed line" shown={400} />],
                ]}
              />
            )
          }
        </Answered>
      </Card>
    </>
  );
}

function Verification(): JSX.Element {
  const [found, setFound] = useState<Shape<'LedgerVerification'> | null>(null);
  const checking = useDoing();
  const check = (): void => {
    void checking.run(async () => {
      const verified = await get('/api/v1/ledger/verification');
      setFound(verified);
      announce(verified.sound ? 'The ledger is sound.' : `${verified.findings_total} findings.`);
    });
  };
  return (
    <Card title="Verification" note="Reads every entry anew: sums, hashes, signatures, and the head’s file beside the database.">
      <div class="ledger-proof">
        <div>
          <Button look="primary" icon="check" busy={checking.busy} onPress={check}>
            {found === null ? 'Verify the ledger' : 'Verify again'}
          </Button>
        </div>
        {checking.refusal === undefined ? null : <Refused refusal={checking.refusal} onAgain={check} />}
        {found === null ? null : (
          <Notice tone={found.sound ? 'good' : 'bad'} title={found.sound ? 'The ledger is sound' : 'The ledger isn’t sound'}>
            <p>{`${counted(found.entries, 'entry', 'entries')} of ${counted(found.accounts, 'account')} and ${counted(found.transactions, 'signed transaction')} were read.`}</p>
            {found.findings.length === 0 ? null : (
              <ul class="notice-list">
                {found.findings.map((finding) => (
                  <li key={`${finding.seq} ${finding.kind}`}>{`Entry ${finding.seq}, ${title(String(finding.kind))}: ${finding.detail}`}</li>
                ))}
              </ul>
            )}
            {found.findings_total > found.findings.length ? <p>{`Shown are ${count(found.findings.length)} of ${count(found.findings_total)} findings.`}</p> : null}
          </Notice>
        )}
      </div>
    </Card>
  );
}
