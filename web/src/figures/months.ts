// Months of the books, `2026-10`, as they follow each other. A month is over in UTC.

/** The month that is `by` after this one; before it where that is below zero. */
export function shifted(period: string, by: number): string {
  const [year = 0, month = 1] = period.split('-').map((part) => Number.parseInt(part, 10));
  return new Date(Date.UTC(year, month - 1 + by, 1)).toISOString().slice(0, 7);
}

/** The month that goes on. */
export function running(now = new Date()): string {
  return now.toISOString().slice(0, 7);
}

/** The months up to this one, the newest first, `howMany` of them. */
export function upTo(period: string, howMany: number): string[] {
  return Array.from({ length: howMany }, (_, at) => shifted(period, -at));
}
