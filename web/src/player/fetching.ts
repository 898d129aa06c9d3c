// Bytes of audio from whichever base gives them. One that says nothing for a second is left, and tried again later.

/** How long a base may be silent, before its answer and in the middle of it, where there is another one. */
export const ANSWER_MS = 900;
/** The same where there is no other one: a slow network is better than none. */
export const PATIENT_MS = 12_000;
/** For how long a base that failed is asked last. */
export const LEFT_FOR_MS = 30_000;

/** A signed address opens nothing any more, or never did. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`the address was refused (${status})`);
    this.status = status;
  }
}

/** Nothing gave the bytes. */
export class Unreachable extends Error {}

/** The bytes come, but too slowly for whoever wants them. */
export class TooSlow extends Error {
  constructor(
    readonly gotBytes: number,
    readonly tookMs: number,
  ) {
    super('the network is too slow for this');
  }
}

export interface Got {
  bytes: Uint8Array;
  /** How long the body took, from its first byte on. */
  tookMs: number;
  base: string;
}

/** Whether so many bytes after so long are quick enough. */
export type Pace = (gotBytes: number, tookMs: number) => boolean;

/** Where bytes may be had, and which of these places failed lately. */
export class Bases {
  private order: readonly string[] = [''];
  private readonly leftAtMs = new Map<string, number>();

  constructor(
    private readonly fetcher: typeof fetch,
    private readonly nowMs: () => number,
    private readonly answerMs = ANSWER_MS,
    private readonly patientMs = PATIENT_MS,
  ) {}

  /** As the server orders them. */
  set(order: readonly string[]): void {
    this.order = order.length === 0 ? [''] : order;
  }

  /** As they are tried now: those that failed lately last, the one that failed first before the others. */
  inOrder(): string[] {
    const left = this.order.filter((base) => this.isLeft(base));
    left.sort((one, other) => (this.leftAtMs.get(one) ?? 0) - (this.leftAtMs.get(other) ?? 0));
    return [...this.order.filter((base) => !this.isLeft(base)), ...left];
  }

  /** Notes that a base fails, as whoever fetches by itself saw. */
  leave(base: string): void {
    this.leftAtMs.set(base, this.nowMs());
  }

  /** The bytes from `first` to `last`, both included. */
  async range(path: string, first: number, last: number, signal: AbortSignal, isQuickEnough: Pace = () => true): Promise<Got> {
    let refused: Refused | null = null;
    const order = this.inOrder();
    // Where none is known to be better, the network itself may be slow: then haste only throws away what was on its way.
    const allLeft = order.every((base) => this.isLeft(base));
    for (const [at, base] of order.entries()) {
      const silentMs = allLeft || at === order.length - 1 ? this.patientMs : this.answerMs;
      try {
        const got = await this.from(base, path, first, last, { signal, silentMs, isQuickEnough });
        this.leftAtMs.delete(base);
        return got;
      } catch (thrown) {
        if (signal.aborted || thrown instanceof TooSlow) throw thrown;
        // Whether the address is good the server itself says best: a node at the edge may not know a key yet.
        if (thrown instanceof Refused) refused = thrown;
        else this.leave(base);
      }
    }
    throw refused ?? new Unreachable('The sound can’t be fetched: no place that has it answers. It is tried again.');
  }

  private isLeft(base: string): boolean {
    const at = this.leftAtMs.get(base);
    return at !== undefined && this.nowMs() - at < LEFT_FOR_MS;
  }

  private async from(base: string, path: string, first: number, last: number, given: { signal: AbortSignal; silentMs: number; isQuickEnough: Pace }): Promise<Got> {
    const own = new AbortController();
    const stop = () => own.abort();
    given.signal.addEventListener('abort', stop);
    let timer = setTimeout(stop, given.silentMs);
    try {
      const response = await this.fetcher(`${base}${path}`, { headers: { Range: `bytes=${first}-${last}` }, signal: own.signal, credentials: base === '' ? 'same-origin' : 'omit' });
      const begunMs = performance.now();
      if (response.status === 403 || response.status === 404) throw new Refused(response.status);
      if (response.status !== 206 && response.status !== 200) throw new Unreachable(`it answered ${response.status}`);
      const parts: Uint8Array[] = [];
      let length = 0;
      const reader = response.body?.getReader();
      for (;;) {
        clearTimeout(timer);
        timer = setTimeout(stop, given.silentMs);
        const next = await reader?.read();
        if (next === undefined || next.done) break;
        parts.push(next.value);
        length += next.value.length;
        if (response.status === 206 && length > last - first + 1) throw new Unreachable('it sent too much');
        if (!given.isQuickEnough(length, performance.now() - begunMs)) {
          stop();
          throw new TooSlow(length, performance.now() - begunMs);
        }
      }
      const whole = new Uint8Array(length);
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      const bytes = response.status === 200 ? whole.subarray(first, last + 1) : whole;
      if (bytes.length !== last - first + 1) throw new Unreachable('it sent too little');
      return { bytes, tookMs: Math.max(1, performance.now() - begunMs), base };
    } finally {
      clearTimeout(timer);
      given.signal.removeEventListener('abort', stop);
    }
  }
}
