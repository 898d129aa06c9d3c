// Why the server, or the way to it, refused.

import type { components } from './contract';

/** What the API says of a refusal (RFC 9457). */
export type Problem = components['schemas']['Problem'];

/** A request that didn't work. `message` is a sentence for a person. */
export class Refusal extends Error {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** The API's stable word for it; `unreachable` where no answer came. */
  readonly code: string;
  /** Each thing that is wrong, where there are several: rows of a sheet, fields of a form. */
  readonly problems: readonly string[];
  /** When it may work again. */
  readonly retryAfterS: number | null;
  /** What is wrong in rows that were brought. */
  readonly rows: readonly components['schemas']['WrongRow'][];
  /** What is wrong in files that were brought. */
  readonly faults: readonly components['schemas']['FileFault'][];

  constructor(status: number, code: string, detail: string, problems: readonly string[] = [], retryAfterS: number | null = null, { rows = [], faults = [] }: Partial<Pick<Problem, 'rows' | 'faults'>> = {}) {
    super(detail);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.problems = problems;
    this.retryAfterS = retryAfterS;
    this.rows = rows;
    this.faults = faults;
  }
}

/** Whatever was thrown, as a refusal. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  if (thrown instanceof TypeError) {
    return new Refusal(0, 'unreachable', 'The server can’t be reached. It may be stopped, or the network may be down.');
  }
  return new Refusal(0, 'broken', thrown instanceof Error ? thrown.message : String(thrown));
}

/** The refusal that a response is. */
export async function refusalIn(response: Response): Promise<Refusal> {
  const after = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  const retryAfterS = Number.isNaN(after) ? null : after;
  const type = response.headers.get('Content-Type') ?? '';
  if (type.includes('json')) {
    try {
      const problem = (await response.json()) as Partial<Problem>;
      const detail = problem.detail ?? problem.title ?? `The server answered ${response.status}.`;
      return new Refusal(response.status, problem.code ?? 'unknown', detail, problem.problems ?? [], retryAfterS, problem);
    } catch {
      // Cut off or not JSON after all: the status has to do.
    }
  }
  return new Refusal(response.status, 'unknown', `The server answered ${response.status} without saying why.`, [], retryAfterS);
}
