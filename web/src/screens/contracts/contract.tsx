// One contract: its file, all that it ever was, and any two of its versions side by side.

import './contracts.css';
import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { count, day } from '../../figures/format';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { LinkButton } from '../../parts/button';
import { Card } from '../../parts/card';
import { Hash } from '../../parts/code';
import { SelectField } from '../../parts/field';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';
import { requery, to } from '../../router';
import { may } from '../../session/session';
import type { ScreenProps } from '../routes';
import { difference } from './difference';
import { fieldsOf } from './fields';
import { Sides } from './sides';

type Contract = Shape<'ContractDetail'>;

export default function ContractScreen({ params, query }: ScreenProps): JSX.Element {
  const id = params.id ?? '';
  const contract = useAnswer((signal) => get('/api/v1/royalty/terms/{id}', { path: { id }, signal }), [id]);
  const called = contract.value === undefined ? id : (fieldsOf(contract.value.text)?.find((field) => field.section === '' && field.path[0] === 'title')?.value ?? id);
  return (
    <Screen
      title={called}
      note={called === id ? undefined : id}
      crumbs={[{ label: 'Contracts', href: to(['contracts']) }]}
      actions={
        contract.value === undefined ? undefined : (
          <>
            <LinkButton icon="advance" href={to(['advances'], { contract: id })}>
              Advances
            </LinkButton>
            {may('royalty:write') ? (
              <LinkButton look="primary" icon="contract" href={to(['contracts', 'proposals', 'new'], { contract: id })}>
                Propose a change
              </LinkButton>
            ) : null}
          </>
        )
      }
    >
      <Answered of={contract} skeleton={<Skeleton rows={8} />}>
        {(it) => (
          <>
            {it.revisions.length < 2 ? null : <Compared contract={it} query={query} />}
            <Card title="The contract" note={`As it came with revision ${count(it.revision)}, byte by byte.`}>
              <pre class="file-text">{it.text}</pre>
            </Card>
            <Revisions of={it} />
          </>
        )}
      </Answered>
    </Screen>
  );
}

function Revisions({ of }: { of: Contract }): JSX.Element {
  return (
    <Card title="All that it ever was" flush>
      <Table
        caption={`Revisions of ${of.id}`}
        rows={of.revisions}
        rowKey={(it) => it.revision}
        columns={[
          { key: 'revision', head: 'Revision', cell: (it) => count(it.revision) },
          { key: 'at', head: 'Since', cell: (it) => <Instant of={it.imported_at} /> },
          { key: 'file', head: 'File', cell: (it) => it.file },
          { key: 'sha', head: 'SHA-256', cell: (it) => <Hash of={it.sha256} what="the digest of the file" /> },
        ]}
      />
    </Card>
  );
}

function Compared({ contract, query }: { contract: Contract; query: URLSearchParams }): JSX.Element {
  const known = contract.revisions.map((it) => String(it.revision));
  const pick = (name: string, otherwise: string | undefined): string => {
    const wanted = query.get(name) ?? '';
    return known.includes(wanted) ? wanted : (otherwise ?? '');
  };
  const [older, newer] = [pick('before', known[1]), pick('after', known[0])];
  const texts = useAnswer(
    (signal) => Promise.all([older, newer].map(async (revision) => (await get('/api/v1/royalty/terms/{id}', { path: { id: contract.id }, query: { revision: Number.parseInt(revision, 10) }, signal })).text)),
    [contract.id, older, newer],
  );
  const options = contract.revisions.map((it) => ({ value: String(it.revision), label: `Revision ${it.revision}, ${day(it.imported_at)}` }));
  return (
    <Card
      title="Two versions"
      flush
      aside={
        <div class="versions">
          <SelectField label="Before" value={older} options={options} onChange={(before) => requery({ before })} />
          <SelectField label="After" value={newer} options={options} onChange={(after) => requery({ after })} />
        </div>
      }
    >
      <Answered of={texts} skeleton={<Skeleton rows={6} />}>
        {([before = '', after = '']) =>
          before === after ? <Empty title="These two are the same" /> : <Sides of={difference(before, after)} caption={`Revision ${older} beside revision ${newer}`} before={`Revision ${older}`} after={`Revision ${newer}`} />
        }
      </Answered>
    </Card>
  );
}
