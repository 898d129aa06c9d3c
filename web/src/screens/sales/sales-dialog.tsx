// Sales reports of a closed month: to whom they can be sent, and one payee's files to download. They are
// made when the dialog is opened, not before.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { address, get } from '../../api/client';
import { gather, useAnswer } from '../../api/answer';
import { count, month, territory } from '../../figures/format';
import { Answered, Empty } from '../../parts/answered';
import { Button, Buttons, LinkButton } from '../../parts/button';
import { Dialog } from '../../parts/dialog';
import { Notice } from '../../parts/notice';
import { Table } from '../../parts/table';

const PAGE = 1000;
/** At most so many pages of payees are looked through. */
const PAGES_MAX = 5;

/** The button and its dialog; of everybody who can be sent one, where no payee is named. */
export function SalesReports({ period, payee }: { period: string; payee?: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const of = payee ?? chosen;
  return (
    <>
      <Button icon="download" onPress={() => setOpen(true)}>
        {payee === undefined ? 'Sales reports' : 'DSR'}
      </Button>
      <Dialog
        title={of === null ? `Sales reports of ${month(period)}` : `Sales reports to ${of}, ${month(period)}`}
        open={open}
        onClose={() => {
          setOpen(false);
          setChosen(null);
        }}
      >
        <p class="small soft">DDEX’s flat file format (DSR): a file for each territory; master rights in the financial profile, works in Basic Audio. Their sums are those of the statement.</p>
        {of === null ? <Recipients period={period} onChoose={setChosen} /> : <Files period={period} payee={of} />}
        {payee === undefined && chosen !== null ? (
          <Buttons>
            <Button look="quiet" onPress={() => setChosen(null)}>
              Choose another payee
            </Button>
          </Buttons>
        ) : null}
      </Dialog>
    </>
  );
}

function Recipients({ period, onChoose }: { period: string; onChoose: (payee: string) => void }): JSX.Element {
  const found = useAnswer(
    (signal) => gather((after: string | undefined) => get('/api/v1/royalty/closes/{period}/dsr', { path: { period }, query: { limit: PAGE, ...(after === undefined ? {} : { after }) }, signal }), PAGES_MAX),
    [period],
  );
  return (
    <Answered of={found}>
      {({ items, whole }) => (
        <>
          <Table
            dense
            caption="Who can be sent a sales report"
            rows={items}
            rowKey={(it) => it.payee}
            shown={25}
            empty={<Empty title="Nobody can be sent one">A payee that has a DDEX party id (DPID) in the catalogue of rights stands here.</Empty>}
            columns={[
              {
                key: 'payee',
                head: 'Payee',
                cell: (it) => (
                  <Button look="link" onPress={() => onChoose(it.payee)}>
                    {it.name}
                  </Button>
                ),
              },
              { key: 'dpid', head: 'DPID', cell: (it) => <span class="mono small">{it.dpid}</span> },
              { key: 'lines', head: 'Lines', kind: 'figure', cell: (it) => count(it.lines) },
            ]}
          />
          {whole ? null : <Notice tone="wait">Not every payee was looked through; the command “ledgerline royalty dsr export” writes all reports.</Notice>}
        </>
      )}
    </Answered>
  );
}

function Files({ period, payee }: { period: string; payee: string }): JSX.Element {
  const found = useAnswer((signal) => get('/api/v1/royalty/closes/{period}/dsr/{payee}', { path: { period, payee }, signal }), [period, payee]);
  const at = (file: string): string => address('/api/v1/royalty/closes/{period}/dsr/{payee}/{file}', { period, payee, file });
  return (
    <Answered of={found}>
      {({ items }) => (
        <Table
          dense
          caption={`Sales reports to ${payee}`}
          rows={items}
          rowKey={(it) => it.file}
          columns={[
            { key: 'territory', head: 'Territory', cell: (it) => (it.territory === 'Worldwide' ? 'Any territory' : territory(it.territory)) },
            { key: 'profile', head: 'Profile', cell: (it) => (it.profile === 'financial' ? 'Financial' : 'Basic Audio') },
            { key: 'sales', head: 'Sales', kind: 'figure', cell: (it) => count(it.sales) },
            {
              key: 'file',
              head: <span class="unseen">Download</span>,
              label: '',
              cell: (it) => (
                <Buttons>
                  <LinkButton look="quiet" icon="download" download={it.name} href={at(it.file)}>
                    TSV
                  </LinkButton>
                  <LinkButton look="quiet" icon="download" download={`${it.name}.gz`} href={at(`${it.file}.gz`)}>
                    Packed
                  </LinkButton>
                </Buttons>
              ),
            },
          ]}
        />
      )}
    </Answered>
  );
}
