// The overview from the conservation law, where the server has no overview of its own.

import type { Shape } from '../../api/client';
import type { Overview, OverviewHour } from '../../api/awaited';
import { summed } from './flows';

export function fromConservation(law: Shape<'Conservation'>): Overview {
  const hours = new Map<string, OverviewHour & { waiting: number }>();
  for (const hour of law.partitions.flatMap((partition) => partition.hours)) {
    const into = hours.get(hour.hour) ?? { hour: hour.hour, reports: 0, verdicts: {}, plays: 0, statuses: {}, waiting: 0 };
    into.reports += hour.accepted - hour.not_yet_judged;
    into.waiting += hour.not_yet_judged;
    into.plays += hour.plays;
    add(into.verdicts, hour.verdicts);
    add(into.statuses, hour.statuses);
    hours.set(hour.hour, into);
  }
  const all = [...hours.values()].sort((a, b) => a.hour.localeCompare(b.hour));
  const verdicts: Record<string, number> = {};
  const statuses: Record<string, number> = {};
  for (const hour of all) {
    add(verdicts, hour.verdicts);
    add(statuses, hour.statuses);
  }
  return {
    as_of: new Date().toISOString(),
    plays_now: 0,
    reports_per_second: 0,
    waiting: all.reduce((sum, hour) => sum + hour.waiting, 0),
    reports: all.reduce((sum, hour) => sum + hour.reports, 0),
    verdicts,
    plays: summed(statuses),
    statuses,
    sums_hold: law.holds,
    hours: all.slice(-48),
  };
}

function add(into: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(more)) into[key] = (into[key] ?? 0) + value;
}
