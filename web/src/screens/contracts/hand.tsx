// Files on their way to a second person: checked as they are edited, then handed over.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { post, type Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { type Refusal, refusalOf } from '../../api/problem';
import { counted } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Button, Buttons } from '../../parts/button';
import { Card } from '../../parts/card';
import { TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';
import { go, to } from '../../router';
import type { Fault } from './faults';
import type { TermsFile } from './month-preview';

const NOTE_MAX = 2000;
/** So long nothing is typed before what was typed is checked. */
const STILL_MS = 600;
/** More contracts than this are named by their number. */
const NAMED_MAX = 12;

/** What a dry run says of files, as they are. */
export interface Check {
  readonly busy: boolean;
  readonly good: Shape<'ImportedTerms'> | null;
  readonly refusal: Refusal | null;
  readonly faults: readonly Fault[];
  /** Checks now, however little was still. */
  readonly now: () => void;
}

/** Has the server check files whenever they changed and nothing is typed for a moment. Nothing is stored. */
export function useCheck(files: readonly TermsFile[]): Check {
  const [found, setFound] = useState<Pick<Check, 'good' | 'refusal' | 'faults'>>({ good: null, refusal: null, faults: [] });
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);
  const said = useRef('');
  const same = JSON.stringify(files);
  const run = async (): Promise<void> => {
    turn.current += 1;
    const mine = turn.current;
    setBusy(true);
    const result = await checked(files);
    // Of answers that overtake each other, the last question's is the one.
    if (mine !== turn.current) return;
    setBusy(false);
    setFound(result);
    const sentence = result.good !== null ? 'The files are good.' : result.faults.length > 0 ? `${counted(result.faults.length, 'thing is wrong', 'things are wrong')}.` : (result.refusal?.message ?? '');
    if (sentence !== said.current) announce(sentence);
    said.current = sentence;
  };
  useEffect(() => {
    turn.current += 1;
    setBusy(false);
    setFound((before) => ({ ...before, good: null, refusal: null }));
    if (files.length === 0) return undefined;
    const timer = setTimeout(() => void run(), STILL_MS);
    return () => clearTimeout(timer);
  }, [same]);
  return { ...found, busy, now: () => void run() };
}

async function checked(files: readonly TermsFile[]): Promise<Pick<Check, 'good' | 'refusal' | 'faults'>> {
  try {
    const good = await post('/api/v1/royalty/terms', { query: { dry_run: true }, json: { files: [...files], dry_run: true } });
    return { good, refusal: null, faults: [] };
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    return { good: null, refusal, faults: refusal.faults };
  }
}

/** Hands the files on. */
export function Hand({ files, check }: { files: readonly TermsFile[]; check: Check }): JSX.Element {
  const [note, setNote] = useState('');
  const handing = useDoing();
  const same = JSON.stringify(files);
  useEffect(() => handing.clear(), [same]);
  const hand = (): void => {
    void handing.run(async () => {
      const made = await post('/api/v1/royalty/terms/proposals', { json: { files: [...files], note } });
      announce(`Proposal No. ${made.number} waits for approval.`);
      go(to(['contracts', 'proposals', made.number]));
    });
  };
  // What is only wrong so far is no alarm: it stands at its field, and is listed here.
  const refusal = handing.refusal ?? (check.faults.length === 0 ? (check.refusal ?? undefined) : undefined);
  return (
    <Card title="Hand it to a second person">
      <form
        class="contract-form"
        onSubmit={(event) => {
          event.preventDefault();
          hand();
        }}
      >
        <TextField label="Why" lines={3} value={note} onInput={setNote} lengthMax={NOTE_MAX} hint="For whoever approves it." />
        {refusal === undefined ? null : <Refused refusal={refusal} />}
        {handing.refusal !== undefined || check.refusal === null || check.faults.length === 0 ? null : (
          <Notice tone="wait" title={counted(check.faults.length, 'thing is wrong', 'things are wrong')}>
            <ul class="notice-list">
              {check.faults.map((fault) => (
                <li key={`${fault.file} ${fault.line} ${fault.column} ${fault.what}`}>{`${fault.file}, line ${fault.line}: ${fault.what}`}</li>
              ))}
            </ul>
          </Notice>
        )}
        {check.good === null ? null : (
          <Notice tone="good" title="The files are good">
            <p>{outcome(check.good)}</p>
          </Notice>
        )}
        <Buttons>
          <Button look="primary" submits busy={handing.busy}>
            Propose
          </Button>
          <Button busy={check.busy} onPress={check.now}>
            Only check
          </Button>
        </Buttons>
      </form>
    </Card>
  );
}

function outcome({ added, changed, unchanged }: Shape<'ImportedTerms'>): string {
  const listed = (ids: readonly string[]): string => (ids.length > NAMED_MAX ? `${ids.slice(0, NAMED_MAX).join(', ')} and ${ids.length - NAMED_MAX} more` : ids.join(', '));
  const said = [added.length === 0 ? '' : `new: ${listed(added)}`, changed.length === 0 ? '' : `changed: ${listed(changed)}`, unchanged.length === 0 ? '' : `as they were: ${listed(unchanged)}`].filter((part) => part !== '');
  return `${said.join('; ')}.`.replace(/^./, (first) => first.toUpperCase());
}
