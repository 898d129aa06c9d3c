// What the keyboard does here.

import './help.css';
import type { JSX } from 'preact';
import { CheckField } from '../parts/field';
import { Dialog } from '../parts/dialog';
import { KEYS, helpShown, letterKeys, setLetterKeys } from './keys';

const MAC = /mac|iphone|ipad/iu.test(navigator.userAgent);

export function Help(): JSX.Element {
  return (
    <Dialog
      title="Keyboard"
      open={helpShown.value}
      onClose={() => {
        helpShown.value = false;
      }}
    >
      <dl class="keys">
        {KEYS.map(({ keys, does, letter }) => (
          <div key={does} class={letter === true && !letterKeys.value ? 'keys-off' : undefined}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key === 'Ctrl' && MAC ? '⌘' : key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <CheckField label="Single letters do something" checked={letterKeys.value} onChange={setLetterKeys} hint="Switch them off if you dictate, or if they get in your way." />
    </Dialog>
  );
}
