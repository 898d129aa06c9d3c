// The music folder, for whoever runs the service: how far the scan is, what of it can't be used and why, and what is on its way
// to players.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useAnswer, usePolled } from '../../api/answer';
import { get, post, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { count, counted, percent } from '../../figures/format';
import { Answered, Empty, Skeleton } from '../../parts/answered';
import { Badge, type Tone } from '../../parts/badge';
import { Bar } from '../../parts/bar';
import { Button } from '../../parts/button';
import { Card } from '../../parts/card';
import { Facts, Figure, Figures } from '../../parts/figure';
import { Notice, Refused } from '../../parts/notice';
import { Screen } from '../../parts/screen';
import { Table } from '../../parts/table';
import { Instant } from '../../parts/time';
import { to } from '../../router';

/** How often it is looked while something goes on, and else. */
const BUSY_MS = 1_000;
const CALM_MS = 15_000;
const SKIPPED_SHOWN = 50;
const JOBS_SHOWN = 50;

type Scan = Shape<'MusicScan'>;
type Job = Shape<'Job'>;

export default function MusicFolderScreen(): JSX.Element {
  const [runs, setRuns] = useState(false);
  const scan = usePolled((signal) => get('/api/v1/catalog/scan', { signal }), runs ? BUSY_MS : CALM_MS, []);
  useEffect(() => setRuns(scan.value?.state === 'running'), [scan.value]);
  const doing = useDoing();
  const begin = (): void =>
    void doing.run(async () => {
      await post('/api/v1/catalog/scan', {});
      scan.again();
    });
  return (
    <Screen
      title="Music folder"
      note="What was found in it, and what is on its way to players. New and changed files are seen by themselves."
      actions={
        <Button look="primary" icon="repeat" busy={doing.busy || runs} onPress={begin}>
          {runs ? 'Scanning…' : 'Scan now'}
        </Button>
      }
    >
      {doing.refusal === undefined ? null : <Refused refusal={doing.refusal} />}
      {scan.refusal?.status === 404 && scan.value === undefined ? (
        <Card title="Scan">
          <Empty title="Nothing was scanned since the server was started">A scan reads what is new or has changed, and leaves the rest alone.</Empty>
        </Card>
      ) : (
        <Answered of={scan} skeleton={<Skeleton figures={4} />}>
          {(found) => <Found scan={found} />}
        </Answered>
      )}
      <Encoding />
    </Screen>
  );
}

const STATES: Readonly<Record<string, readonly [word: string, tone: Tone]>> = { running: ['Running', 'wait'], done: ['Done', 'good'], failed: ['Failed', 'bad'] };

function Found({ scan }: { scan: Scan }): JSX.Element {
  const [word, tone] = STATES[scan.state] ?? [scan.state, 'plain'];
  const dealt = scan.files + scan.skipped;
  const reasons = Object.entries(scan.reasons).sort(([, a], [, b]) => b - a);
  return (
    <>
      <Card title="Scan" note={scan.folder} aside={<Badge tone={tone}>{word}</Badge>}>
        {scan.failed === null ? null : (
          <Notice tone="bad" title="The scan ended early">
            {scan.failed}. What was read until then is there; the next one goes on from it.
          </Notice>
        )}
        <Figures>
          <Figure large label="Files of music" note={scan.state === 'running' ? `of ${count(scan.walked)} found so far` : undefined}>
            {count(scan.files)}
          </Figure>
          <Figure label="New">{count(scan.added)}</Figure>
          <Figure label="Changed">{count(scan.changed)}</Figure>
          <Figure label="Can’t be used">{count(scan.skipped)}</Figure>
        </Figures>
        {scan.state === 'running' && scan.walked > 0 ? <Bar tenThousandths={Math.round((dealt * 10_000) / scan.walked)} /> : null}
        <Facts
          of={[
            ['As they were', count(scan.unchanged)],
            scan.moved === 0 ? null : ['Moved, and known again', count(scan.moved)],
            scan.returned === 0 ? null : ['Missing before, and back', count(scan.returned)],
            scan.missing === 0 ? null : ['Gone from the folder', count(scan.missing)],
            ['Begun', <Instant key="begun" of={scan.started_at} />],
            scan.ended_at === null ? null : ['Ended', <Instant key="ended" of={scan.ended_at} />],
          ]}
        />
      </Card>
      {scan.skipped === 0 ? null : (
        <Card title="What can’t be used" note={reasons.map(([reason, files]) => `${reason}: ${count(files)}`).join(' · ')} flush>
          <Table
            caption="Files that can’t be used"
            rows={scan.skipped_files}
            rowKey={(file) => file.path}
            shown={SKIPPED_SHOWN}
            columns={[
              { key: 'path', head: 'File', kind: 'wide', order: (a, b) => a.path.localeCompare(b.path), cell: (file) => file.path },
              { key: 'reason', head: 'Why', kind: 'wide', order: (a, b) => a.reason.localeCompare(b.reason), cell: (file) => file.reason },
            ]}
          />
        </Card>
      )}
    </>
  );
}

/** Files on their way to players: how many, what is worked on, and what was given up. */
function Encoding(): JSX.Element {
  const [works, setWorks] = useState(true);
  const jobs = usePolled((signal) => get('/api/v1/jobs', { query: { limit: JOBS_SHOWN, state: 'running' }, signal }), works ? BUSY_MS : CALM_MS, []);
  useEffect(() => setWorks(jobs.value === undefined || jobs.value.counts.queued + jobs.value.counts.running > 0), [jobs.value]);
  const given = jobs.value?.counts.failed ?? 0;
  if (jobs.refusal?.status === 404) return <></>;
  return (
    <>
      <Card title="Encoding" note="Each file becomes what players get: several qualities, a preview, its loudness. Until then it is played as it is.">
        <Answered of={jobs} skeleton={<Skeleton figures={4} />}>
          {({ counts, items }) => (
            <>
              <Figures>
                <Figure large label="Done">
                  {count(counts.done)}
                </Figure>
                <Figure label="Waiting">{count(counts.queued)}</Figure>
                <Figure label="At work">{count(counts.running)}</Figure>
                <Figure label="Given up">{count(counts.failed)}</Figure>
              </Figures>
              {items.length === 0 ? null : <Facts of={items.map((job) => [`Track ${job.track_id}`, percent(job.progress_permille * 10)] as const)} />}
            </>
          )}
        </Answered>
      </Card>
      {given === 0 ? null : <GivenUp count={given} />}
    </>
  );
}

function GivenUp({ count: given }: { count: number }): JSX.Element {
  const jobs = useAnswer((signal) => get('/api/v1/jobs', { query: { limit: JOBS_SHOWN, state: 'failed' }, signal }), [given]);
  return (
    <Card title="Given up" note={`${counted(given, 'file')}, the newest first. Once a file is mended, the next scan brings it again; \`ledgerline ingest retry\` tries them all again as they are.`} flush>
      <Answered of={jobs} skeleton={<Skeleton rows={4} />}>
        {({ items }) => (
          <Table
            caption="Files that were given up"
            rows={items}
            rowKey={(job: Job) => job.job}
            columns={[
              { key: 'track', head: 'Track', cell: (job) => <a href={to(['tracks', job.track_id])}>{job.track_id}</a> },
              { key: 'reason', head: 'Why', kind: 'wide', cell: (job) => job.reason ?? '' },
              { key: 'attempts', head: 'Tried', kind: 'figure', cell: (job) => count(job.attempts) },
              { key: 'at', head: 'When', cell: (job) => <Instant of={job.changed_at} /> },
            ]}
          />
        )}
      </Answered>
    </Card>
  );
}
