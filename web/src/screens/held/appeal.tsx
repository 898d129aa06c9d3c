// One appeal: what it is against, why, what the rules find of each play, and how it was decided.

import './held.css';
import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { useAnswer } from '../../api/answer';
import { count, instant, measured, title, words } from '../../figures/format';
import { Answered, Skeleton } from '../../parts/answered';
import { Standing } from '../../parts/badge';
import { Card } from '../../parts/card';
import { Facts } from '../../parts/figure';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { to } from '../../router';
import type { ScreenProps } from '../routes';
import { DecideAppeal } from '../queues/appeals';
import { Outcome, said } from './held';

type Appealed = Shape<'AppealedPlay'>;

export default function AppealScreen({ params }: ScreenProps): JSX.Element {
  const number = Number.parseInt(params.number ?? '', 10);
  const appeal = useAnswer((signal) => get('/api/v1/appeals/{number}', { path: { number }, signal }), [number]);
  return (
    <Screen title={`Appeal No. ${params.number ?? ''}`} crumbs={[{ label: 'Held plays', href: to(['held']) }]}>
      <Answered of={appeal} skeleton={<Skeleton rows={8} />}>
        {(it) => (
          <>
            <Card title="Where it stands" aside={<Outcome of={it} />}>
              <p>{it.sentence}</p>
              <Facts
                of={[
                  ['Against', said(it.against)],
                  ['By', `${it.appellant}, ${instant(it.opened_at)}`],
                  ['Grounds', it.grounds],
                  it.decision === null || it.decision === undefined ? null : ['Decision', `${title(it.decision.outcome)} by ${it.decision.decided_by}, ${instant(it.decision.decided_at)}: ${it.decision.reason}`],
                ]}
              />
            </Card>
            <Card title="Its plays" note="What the rules found when the play was kept back, and what they find now." flush>
              <Table
                caption="Plays of the appeal"
                rows={it.plays}
                rowKey={(play) => `${play.source} ${play.user_id} ${play.play_id}`}
                rowLink={(play) => to(['plays', play.user_id, play.play_id], { source: play.source })}
                shown={25}
                columns={[
                  { key: 'play', head: 'Play', cell: (play) => play.play_id },
                  { key: 'track', head: 'Recording', cell: (play) => play.track_id },
                  { key: 'status', head: 'Standing', cell: (play) => <Standing of={play.status} /> },
                  { key: 'then', head: 'Then', cell: (play) => rules(play.then) },
                  { key: 'now', head: 'Now', cell: (play) => rules(play.now) },
                ]}
              />
              {it.unnamed_plays === 0 ? null : <p class="small faint">{count(it.unnamed_plays)} plays have no key, so nobody can rule on them.</p>}
            </Card>
            {it.plays[0] === undefined ? null : <Rules of={it.plays[0]} />}
            <DecideAppeal of={it} onDecided={appeal.again} />
          </>
        )}
      </Answered>
    </Screen>
  );
}

function rules(found: Appealed['now']): string {
  const holding = found.rules.filter((rule) => rule.holds);
  return holding.length === 0 ? 'no rule holds' : holding.map((rule) => words(rule.rule)).join(', ');
}

function Rules({ of }: { of: Appealed }): JSX.Element {
  return (
    <Card title={`Rule by rule: play ${of.play_id}`} note={`Rules of version ${of.now.rule_version}, on ${count(of.now.plays)} plays of the listener.`} flush>
      <Table
        caption="What each rule finds"
        rows={of.now.rules}
        rowKey={(rule) => rule.rule}
        columns={[
          { key: 'rule', head: 'Rule', cell: (rule) => title(rule.rule) },
          { key: 'holds', head: 'Holds it', cell: (rule) => (rule.holds ? 'yes' : 'no') },
          { key: 'found', head: 'Found', cell: (rule) => figures(rule.figures) },
          { key: 'limit', head: 'Limit', cell: (rule) => figures(rule.limits) },
          { key: 'sentence', head: 'In words', kind: 'wide', cell: (rule) => rule.sentence },
        ]}
      />
    </Card>
  );
}

function figures(of: Readonly<Record<string, number>>): string {
  return Object.entries(of).map(([name, value]) => measured(name, value).join(' ')).join(', ') || '–';
}
