// What waits for a person: plays that rules keep back, plays that came too late to be judged, and appeals.

import '../held/held.css';
import './queues.css';
import type { JSX } from 'preact';
import { Choices } from '../../parts/field';
import { Screen } from '../../parts/screen';
import { requery } from '../../router';
import type { ScreenProps } from '../routes';
import { Adjudication } from './adjudication';
import { Appeals } from './appeals';
import { Fraud } from './fraud';

const QUEUES = [
  { value: 'fraud', label: 'Held and excluded' },
  { value: 'adjudication', label: 'Too late to judge' },
  { value: 'appeals', label: 'Appeals' },
] as const;
type Queue = (typeof QUEUES)[number]['value'];

export default function QueuesScreen({ query }: ScreenProps): JSX.Element {
  const queue: Queue = QUEUES.find((one) => one.value === query.get('queue'))?.value ?? 'fraud';
  return (
    <Screen title="Queues" note="What a person decides. Each decision is kept with its reason and with who made it." actions={<Choices label="Queue" value={queue} options={QUEUES} onChange={(wanted) => requery({ queue: wanted })} />}>
      {queue === 'fraud' ? <Fraud /> : queue === 'adjudication' ? <Adjudication /> : <Appeals />}
    </Screen>
  );
}
