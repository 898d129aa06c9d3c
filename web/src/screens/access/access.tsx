// Who may come in: invitations that are made, seen and revoked. A link is shown once, here, and nowhere
// kept.

import './access.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { get, post, remove, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { type Refusal, refusalOf } from '../../api/problem';
import { title } from '../../figures/format';
import { Answered, Empty } from '../../parts/answered';
import { announce } from '../../parts/announce';
import { Badge, type Tone } from '../../parts/badge';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Hash, Id } from '../../parts/code';
import { SelectField, TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';
import { PLANS, ROLES, partiesIn, seesParties } from '../people/person';

type Invitation = Shape<'Invitation'>;

const TONES: Readonly<Record<Invitation['state'], Tone>> = { open: 'wait', used: 'good', revoked: 'bad', expired: 'plain' };

export default function AccessScreen(): JSX.Element {
  const invitations = useAnswer((signal) => get('/api/v1/invitations', { signal }), []);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const revoke = async (id: string): Promise<void> => {
    setRefusal(null);
    try {
      await remove('/api/v1/invitations/{id}', { path: { id } });
      announce(`Invitation ${id} is revoked.`);
      invitations.again();
    } catch (thrown) {
      setRefusal(refusalOf(thrown));
    }
  };
  return (
    <Screen title="Invitations" note="Who is let in, and as what. Revoking one ends its session at once; an account that it made stays.">
      <Invite onMade={invitations.again} />
      {refusal === null ? null : <Refused refusal={refusal} />}
      <Card title="Invited so far" flush>
        <Answered of={invitations}>
          {({ items }) => (
            <Table
              caption="Invitations"
              rows={items}
              rowKey={(it) => it.id}
              empty={<Empty title="Nobody was invited yet" />}
              columns={[
                { key: 'id', head: 'Name', cell: (it) => <Id of={it.id} /> },
                { key: 'role', head: 'Role', cell: (it) => title(it.role) },
                { key: 'parties', head: 'Sees', cell: (it) => it.parties?.join(', ') ?? 'everything' },
                { key: 'note', head: 'Note', kind: 'wide', cell: (it) => it.note },
                { key: 'state', head: 'State', cell: (it) => <Badge tone={TONES[it.state]}>{title(it.state)}</Badge> },
                { key: 'until', head: 'Opens until', cell: (it) => <Instant of={it.expires_at} /> },
                {
                  key: 'revoke',
                  head: <span class="unseen">Revoke</span>,
                  label: '',
                  cell: (it) =>
                    it.state === 'open' || it.state === 'used' ? (
                      <Button look="danger" onPress={() => void revoke(it.id)}>
                        Revoke
                      </Button>
                    ) : null,
                },
              ]}
            />
          )}
        </Answered>
      </Card>
    </Screen>
  );
}

function Invite({ onMade }: { onMade: () => void }): JSX.Element {
  const [role, setRole] = useState<Shape<'Role'>>('listener');
  const [parties, setParties] = useState('');
  const [plan, setPlan] = useState('');
  const [until, setUntil] = useState('');
  const [note, setNote] = useState('');
  const [days, setDays] = useState('7');
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const bound = seesParties(role);
  const invite = async (): Promise<void> => {
    setBusy(true);
    setRefusal(null);
    const whose = bound ? partiesIn(parties) : [];
    const chosen = PLANS.find((one) => one.value === plan)?.value;
    const asPlan = chosen === undefined ? {} : { plan: chosen, ...(until === '' ? {} : { plan_until: until }) };
    try {
      const made = await post('/api/v1/invitations', { json: { role, parties: whose, note, days: Number.parseInt(days, 10), ...asPlan } });
      setLink(new URL(made.link, location.origin).href);
      setNote('');
      onMade();
    } catch (thrown) {
      setRefusal(refusalOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card title="Invite somebody">
      <form
        class="invite"
        onSubmit={(event) => {
          event.preventDefault();
          void invite();
        }}
      >
        <SelectField label="As" value={role} options={ROLES} onChange={(chosen) => setRole(ROLES.find((one) => one.value === chosen)?.value ?? role)} hint={role === 'listener' ? 'listens' : bound ? 'sees what is of its parties' : 'sees everything'} />
        {bound ? <TextField label="Parties" value={parties} onInput={setParties} hint="ids, separated by commas: whose things they see" required={role !== 'creator'} /> : null}
        <SelectField label="Plan" value={plan} options={[{ value: '', label: 'As new accounts get' }, ...PLANS]} onChange={setPlan} />
        {plan === '' || plan === 'free' ? null : <TextField label="Until" type="date" value={until} onInput={setUntil} hint="free again from this day on" required={plan === 'student'} />}
        <TextField label="Note" value={note} onInput={setNote} lengthMax={500} hint="for yourself" />
        <TextField label="Days" type="number" value={days} onInput={setDays} hint="1 to 30: so long the link opens" />
        <Button look="primary" submits busy={busy}>
          Make a link
        </Button>
      </form>
      {refusal === null ? null : <Refused refusal={refusal} />}
      {link === null ? null : (
        <Notice tone="good" title="The link is shown only now">
          <p>Hand it over by a way that you trust; it makes one account, or opens one session.</p>
          <Hash of={link} what="the link" shown={200} />
        </Notice>
      )}
    </Card>
  );
}
