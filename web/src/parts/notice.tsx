// What must be read: a refusal and what to do about it, a warning, a thing to know.

import './notice.css';
import type { ComponentChildren, JSX } from 'preact';
import type { Refusal } from '../api/problem';
import { Button } from './button';
import { Icon } from './icon';

export function Notice({ tone = 'plain', title, children, action }: { tone?: 'plain' | 'good' | 'wait' | 'bad'; title?: string; children?: ComponentChildren; action?: ComponentChildren }): JSX.Element {
  return (
    <div class={`notice notice-${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon name={tone === 'good' ? 'check' : tone === 'plain' ? 'flag' : 'warning'} />
      <div class="notice-text">
        {title === undefined ? null : <p class="notice-title">{title}</p>}
        {children}
      </div>
      {action === undefined ? null : <div class="notice-action">{action}</div>}
    </div>
  );
}

/** A refusal, each of its problems, and a way to try again. */
export function Refused({ refusal, onAgain }: { refusal: Refusal; onAgain?: () => void }): JSX.Element {
  const wait = refusal.retryAfterS === null ? '' : ` Try again in ${refusal.retryAfterS} s.`;
  return (
    <Notice
      tone="bad"
      title={headline(refusal)}
      action={onAgain === undefined ? undefined : <Button onPress={onAgain}>Try again</Button>}
    >
      <p>
        {refusal.message}
        {wait}
      </p>
      {refusal.problems.length === 0 ? null : (
        <ul class="notice-list">
          {refusal.problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

function headline(refusal: Refusal): string {
  if (refusal.status === 0) return 'No answer';
  if (refusal.status === 403) return 'Not yours to see';
  if (refusal.status === 404) return 'There is nothing here';
  if (refusal.status === 429) return 'Too much at once';
  return refusal.status >= 500 ? 'The server couldn’t do it' : 'That didn’t work';
}
