// How it sounds, on this device: how loud beside each other, how tracks follow each other, and how much is fetched for it.

import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { CheckField, SelectField } from '../parts/field';
import { Dialog } from '../parts/dialog';
import { options, setOptions } from '../player';

/** Whether it is shown. */
export const soundShown = signal(false);

/** What is fetched at most, in kbit/s; a lossless rung has more than any other. */
const MOST_KBPS = [
  { value: '24', label: 'As little as can be: 24 kbit/s' },
  { value: '96', label: 'Little: 96 kbit/s' },
  { value: '160', label: 'Good: 160 kbit/s' },
  { value: '320', label: 'Very good: 320 kbit/s' },
  { value: '10000', label: 'Lossless, where there is such' },
];
const FADES_S = [0, 1, 2, 4, 6, 8, 12];

export function Sound(): JSX.Element {
  const { loudness, inAlbumOrder, fadeS, mostKbps } = options.value;
  return (
    <Dialog
      title="Sound"
      open={soundShown.value}
      onClose={() => {
        soundShown.value = false;
      }}
    >
      <SelectField label="Quality at most" value={String(mostKbps)} options={MOST_KBPS} onChange={(chosen) => setOptions({ mostKbps: Number.parseInt(chosen, 10) })} hint="Less is fetched where the network is slow." />
      <SelectField label="Fade between tracks" value={String(fadeS)} options={FADES_S.map((seconds) => ({ value: String(seconds), label: seconds === 0 ? 'None: tracks follow without a gap' : `${seconds} s` }))} onChange={(chosen) => setOptions({ fadeS: Number.parseInt(chosen, 10) })} />
      <CheckField label="Every track equally loud" checked={loudness} onChange={(on) => setOptions({ loudness: on })} hint="To −14 LUFS. Off, each is as loud as it was made." />
      {loudness ? <CheckField label="An album keeps its loud and soft tracks" checked={inAlbumOrder} onChange={(on) => setOptions({ inAlbumOrder: on })} /> : null}
    </Dialog>
  );
}
