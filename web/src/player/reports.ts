// Reports of plays, kept on the device until the server has said that they are durable. A report that is sent twice is one:
// its play's id is the same in every report of the play, and was stored before the first was sent.

import { send } from '../api/client';

/** A report as the server reads it. */
export interface Report {
  play_id: string;
  track_id: string;
  grant: string;
  duration_listened_ms: number;
  started_at: number;
  event: 'play_start' | 'progress' | 'play_complete' | 'play_end' | 'skip';
  completed?: boolean;
  offline?: boolean;
  preview?: boolean;
  quality?: string;
  device_id?: string;
  /** What it was started from. */
  context?: { type: string; id: string };
  sent_at?: number;
}

/** Where reports wait, each with whose it is: the account's public name. */
export interface Shelf {
  put(who: string, report: Report): Promise<void>;
  /** The oldest ones of somebody, with the keys to remove them by. */
  oldest(who: string, limit: number): Promise<{ key: number; report: Report }[]>;
  remove(keys: readonly number[]): Promise<void>;
}

/** So many are sent together, and so many are kept at most: a month of listening without a network. */
const AT_ONCE = 100;
const KEPT_MAX = 50_000;
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** The server's answer, as far as it matters here. */
interface Taken {
  accepted: number;
  elsewhere?: boolean;
}

export class Outbox {
  private who: string | null = null;
  private sending: Promise<void> | null = null;
  private waitMs = RETRY_MIN_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly shelf: Shelf,
    private readonly nowMs: () => number,
    /** The listener plays elsewhere since one of these plays began. */
    private readonly elsewhere: (playIds: ReadonlySet<string>) => void,
    private readonly post: (reports: Report[], leaving?: boolean) => Promise<Taken> = postReports,
  ) {}

  /** Who is signed in now; nobody's reports can't be sent. What that one has waiting is sent. */
  isNow(who: string | null): void {
    this.who = who;
    this.waitMs = RETRY_MIN_MS;
    void this.flush();
  }

  /** Keeps a report, and sends what waits. */
  async add(report: Report): Promise<void> {
    if (this.who === null) return;
    await this.shelf.put(this.who, report);
    void this.flush();
  }

  /** Keeps a report of a page that is being left, and sends it at once: what was kept may be sent again later, as the same play. */
  leave(report: Report): void {
    if (this.who === null) return;
    void this.shelf.put(this.who, report);
    void this.post([{ ...report, sent_at: this.nowMs() }], true).catch(() => undefined);
  }

  /** Sends what waits; after a failure again by itself, later and later. */
  flush(): Promise<void> {
    this.sending ??= this.drain().finally(() => {
      this.sending = null;
    });
    return this.sending;
  }

  private async drain(): Promise<void> {
    clearTimeout(this.timer);
    for (;;) {
      const { who } = this;
      const waiting = who === null ? [] : await this.shelf.oldest(who, AT_ONCE);
      if (waiting.length === 0) return;
      // Somebody else signed in meanwhile: these aren't theirs.
      if (who !== this.who) continue;
      const keys = waiting.map(({ key }) => key);
      try {
        const taken = await this.post(waiting.map(({ report }) => ({ ...report, sent_at: this.nowMs() })));
        if (taken.elsewhere === true) this.elsewhere(new Set(waiting.map(({ report }) => report.play_id)));
      } catch (thrown) {
        // What the server finds wrong will be wrong for ever; everything else passes.
        const status = (thrown as { status?: number }).status ?? 0;
        const never = status === 422 || status === 400 || status === 413;
        if (!never) {
          this.timer = setTimeout(() => void this.flush(), this.waitMs);
          this.waitMs = Math.min(this.waitMs * 2, RETRY_MAX_MS);
          return;
        }
      }
      this.waitMs = RETRY_MIN_MS;
      await this.shelf.remove(keys);
    }
  }
}

async function postReports(reports: Report[], leaving = false): Promise<Taken> {
  const given = { body: JSON.stringify(reports), type: 'application/json', keepalive: leaving };
  return (await send('POST', '/api/v1/playback/report', given)) as Taken;
}

/** Reports in the browser's own database; without one, in memory. */
export async function openShelf(): Promise<Shelf> {
  try {
    return new DatabaseShelf(await openDatabase());
  } catch {
    return new MemoryShelf();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('ledgerline-player', 2);
    opening.onupgradeneeded = () => {
      const { result } = opening;
      // The first form didn't say whose a report is.
      if (result.objectStoreNames.contains('reports')) result.deleteObjectStore('reports');
      result.createObjectStore('kept', { autoIncrement: true }).createIndex('who', 'who');
    };
    opening.onsuccess = () => {
      // A page of a newer version must not wait for this one.
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error('the database is blocked'));
  });
}

interface Kept {
  who: string;
  report: Report;
}

class DatabaseShelf implements Shelf {
  constructor(private readonly database: IDBDatabase) {}

  /** What several requests of one transaction gave. */
  private act(mode: IDBTransactionMode, work: (kept: IDBObjectStore) => readonly IDBRequest[]): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      // What was put is on the disk before it is said to be.
      const transaction = this.database.transaction('kept', mode, { durability: 'strict' });
      const requests = work(transaction.objectStore('kept'));
      transaction.oncomplete = () => resolve(requests.map((request): unknown => request.result));
      transaction.onabort = () => reject(transaction.error);
    });
  }

  async put(who: string, report: Report): Promise<void> {
    const [, count] = await this.act('readwrite', (kept) => [kept.add({ who, report } satisfies Kept), kept.count()]);
    const tooMany = (count as number) - KEPT_MAX;
    if (tooMany <= 0) return;
    const [keys] = await this.act('readonly', (kept) => [kept.getAllKeys(null, tooMany)]);
    await this.remove(keys as number[]);
  }

  async oldest(who: string, limit: number): Promise<{ key: number; report: Report }[]> {
    const found = await this.act('readonly', (kept) => [kept.index('who').getAllKeys(who, limit), kept.index('who').getAll(who, limit)]);
    const [keys, values] = found as [number[], Kept[]];
    return keys.flatMap((key, at) => (values[at] === undefined ? [] : [{ key, report: values[at].report }]));
  }

  async remove(keys: readonly number[]): Promise<void> {
    await this.act('readwrite', (kept) => keys.map((key) => kept.delete(key)));
  }
}

/** Gone with the page. */
export class MemoryShelf implements Shelf {
  private next = 1;
  private readonly all = new Map<number, Kept>();

  async put(who: string, report: Report): Promise<void> {
    this.all.set(this.next, { who, report });
    this.next += 1;
  }

  async oldest(who: string, limit: number): Promise<{ key: number; report: Report }[]> {
    return [...this.all].filter(([, kept]) => kept.who === who).slice(0, limit).map(([key, { report }]) => ({ key, report }));
  }

  async remove(keys: readonly number[]): Promise<void> {
    for (const key of keys) this.all.delete(key);
  }
}
