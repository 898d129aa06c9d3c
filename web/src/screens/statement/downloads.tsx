// The statement as a file. The browser fetches it itself, so that it lands where downloads land.

import type { JSX } from 'preact';
import { address } from '../../api/client';
import { LinkButton } from '../../parts/button';

const FILES = [
  ['pdf', 'PDF'],
  ['csv', 'CSV'],
  ['json', 'JSON'],
] as const;

export function Downloads({ period, payee }: { period: string; payee: string }): JSX.Element {
  return (
    <>
      {FILES.map(([ending, label]) => (
        <LinkButton key={ending} icon="download" download={`${period}.${payee}.${ending}`} href={address('/api/v1/royalty/statements/{period}/{file}', { period, file: `${payee}.${ending}` })}>
          {label}
        </LinkButton>
      ))}
    </>
  );
}
