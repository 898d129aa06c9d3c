// The deployment at a glance, each second: where every report and every play went, and that nothing
// was lost on the way.

import type { JSX } from 'preact';
import { get, type Shape } from '../../api/client';
import { usePolled } from '../../api/answer';
import { count, day, instant, languages } from '../../figures/format';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Badge } from '../../parts/badge';
import { Card, Columns } from '../../parts/card';
import { ColumnChart } from '../../parts/chart';
import { Figure, Figures } from '../../parts/figure';
import { Flow } from '../../parts/flow';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { session } from '../../session/session';
import { Demonstration } from './demonstration';
import { STATUSES, VERDICTS, partsOf, summed } from './flows';

const EVERY_MS = 1000;

type Overview = Shape<'Overview'>;

export default function OverviewScreen(): JSX.Element {
  const overview = usePolled((signal) => get('/api/v1/overview', { signal }), EVERY_MS, []);
  return (
    <Screen title="Overview" note="Every report has one verdict, every play one status, and each sum is shown with its parts.">
      <Answered of={overview} skeleton={<Skeleton figures={4} rows={6} />}>
        {(now) => <Now now={now} />}
      </Answered>
    </Screen>
  );
}

function Now({ now }: { now: Overview }): JSX.Element {
  return (
    <>
      <Figures>
        <Figure large label="Plays counted" note={`as of ${instant(now.as_of)}`}>
          <span data-figure="counted">{count(now.statuses.counted ?? 0)}</span>
        </Figure>
        <Figure label="Reports judged" note={now.waiting === 0 ? 'none waits' : `${count(now.waiting)} wait`}>
          <span data-figure="reports">{count(now.reports)}</span>
        </Figure>
        <Figure label="Plays in the last minute">{count(now.plays_now)}</Figure>
        <Figure label="Reports a second">{new Intl.NumberFormat(languages as string[], { maximumFractionDigits: 1 }).format(now.reports_per_second)}</Figure>
      </Figures>
      {session.value?.demo ? <Demonstration now={now} /> : null}
      <Columns>
        <Card title="What became of reports" note="Reports = the sum of their verdicts." aside={<Law holds={summed(now.verdicts) === now.reports && now.sums_hold} />}>
          <Flow label="reports" whole={now.reports} parts={partsOf(VERDICTS, now.verdicts)} />
        </Card>
        <Card title="What became of plays" note="Plays = the sum of their statuses." aside={<Law holds={summed(now.statuses) === now.plays && now.sums_hold} />}>
          <Flow label="plays" whole={now.plays} parts={partsOf(STATUSES, now.statuses)} />
        </Card>
      </Columns>
      <Hours of={now.hours} />
    </>
  );
}

function Law({ holds }: { holds: boolean }): JSX.Element {
  return holds ? <Badge tone="good">The sum holds</Badge> : <Badge tone="bad">The sum doesn’t hold</Badge>;
}

function Hours({ of }: { of: Overview['hours'] }): JSX.Element {
  if (of.length === 0) {
    return (
      <Card title="Hour by hour">
        <Empty title="No report has come in yet">Reports appear here by the hour in which they were received.</Empty>
      </Card>
    );
  }
  const shown = VERDICTS.filter(([key]) => of.some((hour) => (hour.verdicts[key] ?? 0) > 0));
  return (
    <>
      <Card title="Hour by hour" note="Reports by the hour in which they were received, and their verdicts.">
        <ColumnChart label="Reports by hour and verdict" pointHead="Hour" points={of.map((hour) => hourOf(hour.hour))} series={shown.map(([key, name, colour]) => ({ name, colour, values: of.map((hour) => hour.verdicts[key] ?? 0) }))} />
      </Card>
      <Card title="The conservation law" note="For each hour: what came in is what was told apart." flush>
        <Table
          caption="The conservation law by hour"
          rows={[...of].reverse()}
          rowKey={(hour) => hour.hour}
          shown={12}
          columns={[
            { key: 'hour', head: 'Hour', cell: (hour) => hourOf(hour.hour) },
            { key: 'reports', head: 'Reports', kind: 'figure', cell: (hour) => count(hour.reports) },
            { key: 'verdicts', head: 'Sum of verdicts', kind: 'figure', cell: (hour) => count(summed(hour.verdicts)) },
            { key: 'plays', head: 'Plays', kind: 'figure', cell: (hour) => count(hour.plays) },
            { key: 'statuses', head: 'Sum of statuses', kind: 'figure', cell: (hour) => count(summed(hour.statuses)) },
            { key: 'holds', head: 'Law', cell: (hour) => <Law holds={summed(hour.verdicts) === hour.reports && summed(hour.statuses) === hour.plays} /> },
          ]}
        />
      </Card>
    </>
  );
}

function hourOf(hour: string): string {
  const at = new Date(hour);
  if (Number.isNaN(at.getTime())) return hour;
  const time = new Intl.DateTimeFormat(languages as string[], { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
  return `${day(hour, 'short')}, ${time.format(at)}`;
}
