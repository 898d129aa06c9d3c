// A short word about a state. The colour helps; the word says it.

import './badge.css';
import type { JSX } from 'preact';
import { title } from '../figures/format';

export type Tone = 'good' | 'wait' | 'bad' | 'plain';

export function Badge({ children, tone = 'plain' }: { children: string; tone?: Tone }): JSX.Element {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

const TONES: Readonly<Record<string, Tone>> = {
  counted: 'good',
  closed: 'good',
  paid: 'good',
  reinstate: 'good',
  progress: 'plain',
  duplicate: 'plain',
  payable: 'wait',
  held: 'wait',
  pending: 'wait',
  adjudication: 'wait',
  estimate: 'wait',
  excluded: 'bad',
  conflict: 'bad',
  not_payable: 'bad',
};

/** A status, verdict, ruling or outcome of the API. */
export function Standing({ of }: { of: string }): JSX.Element {
  return <Badge tone={TONES[of] ?? 'plain'}>{title(of)}</Badge>;
}
