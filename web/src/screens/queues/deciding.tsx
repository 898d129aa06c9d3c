// A decision on one play or on several alike, with its reason. Several are sent one after another; what a
// refusal stops, stays as it was, and what was decided before it is decided.

import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import type { Shape } from '../../api/client';
import { useDoing } from '../../api/doing';
import { count } from '../../figures/format';
import { announce } from '../../parts/announce';
import { Button } from '../../parts/button';
import { Dialog, DialogActions } from '../../parts/dialog';
import { Choices, TextField } from '../../parts/field';
import { Notice, Refused } from '../../parts/notice';

const NOTE_MAX = 1000;

export type Play = Shape<'Play'>;

/** A play that can be named, and so decided. */
export interface Named {
  user_id: string;
  play_id: string;
  source: string;
}

/** Those of the plays that have a key. */
export function nameable(plays: readonly Play[]): Named[] {
  return plays.flatMap(({ user_id, play_id, source }) => (user_id === null || user_id === undefined || play_id === null || play_id === undefined ? [] : [{ user_id, play_id, source }]));
}

interface DecidingProps<Word extends string> {
  title: string;
  of: readonly Named[] | null;
  options: readonly { value: Word; label: string; what: string }[];
  decide: (play: Named, word: Word, note: string) => Promise<unknown>;
  onClose: (decided: boolean) => void;
}

export function Deciding<Word extends string>({ title, of, options, decide, onClose }: DecidingProps<Word>): JSX.Element {
  const first = options[0]?.value as Word;
  const [word, setWord] = useState<Word>(first);
  const [note, setNote] = useState('');
  const [done, setDone] = useState(0);
  const deciding = useDoing();
  const plays = of ?? [];
  // Before the dialog is seen: what somebody types at once must stand.
  useLayoutEffect(() => {
    setWord(first);
    setNote('');
    setDone(0);
    deciding.clear();
  }, [of]);
  const all = async (): Promise<void> => {
    const good = await deciding.run(async () => {
      // Behind a refusal, those that were decided already aren't sent again.
      for (const [at, play] of plays.entries()) {
        if (at < done) continue;
        await decide(play, word, note);
        setDone(at + 1);
      }
      announce(plays.length === 1 ? 'The play is decided.' : `${plays.length} plays are decided.`);
    });
    if (good) onClose(true);
  };
  const picked = options.find((option) => option.value === word);
  return (
    <Dialog title={title} open={of !== null} onClose={() => onClose(done > 0)}>
      <form
        class="decide"
        onSubmit={(event) => {
          event.preventDefault();
          void all();
        }}
      >
        <p class="small soft">{plays.length === 1 ? `Play ${plays[0]?.play_id ?? ''} of ${plays[0]?.user_id ?? ''}.` : `${count(plays.length)} plays, one after another.`}</p>
        <div>
          <Choices label="Decision" value={word} options={options} onChange={setWord} />
        </div>
        <p class="small">{picked?.what}</p>
        <TextField label="Why" lines={3} value={note} onInput={setNote} lengthMax={NOTE_MAX} hint="For those who look later, and for whoever appeals." required />
        {deciding.busy && plays.length > 1 ? <Notice>{`${count(done)} of ${count(plays.length)} are decided…`}</Notice> : null}
        {deciding.refusal === undefined ? null : <Refused refusal={deciding.refusal} />}
        {deciding.refusal !== undefined && done > 0 ? <p class="small">{`${count(done)} of ${count(plays.length)} were decided before that.`}</p> : null}
        <DialogActions>
          <Button onPress={() => onClose(done > 0)}>Cancel</Button>
          <Button look="primary" submits busy={deciding.busy}>
            {plays.length === 1 ? 'Decide' : `Decide ${count(plays.length)} plays`}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
