// An answer on its way into a component: waiting, there, or refused, and how to ask again.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Refusal, refusalOf } from './problem';

/** What is known of an answer. */
export interface Answering<T> {
  /** The newest answer; kept while it is asked for again. */
  readonly value: T | undefined;
  /** Why there is no newer one. */
  readonly refusal: Refusal | undefined;
  /** Whether a request is under way. */
  readonly waiting: boolean;
  /** Asks again. */
  readonly again: () => void;
}

/** Asks when the component appears and whenever one of `causes` changes; a request that nobody waits for any more is broken off. */
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, causes: readonly unknown[]): Answering<T> {
  const [known, setKnown] = useState<{ value: T | undefined; refusal: Refusal | undefined; waiting: boolean }>({
    value: undefined,
    refusal: undefined,
    waiting: true,
  });
  const [times, setTimes] = useState(0);
  const previous = useRef<readonly unknown[]>(causes);
  useEffect(() => {
    const breaking = new AbortController();
    // What answered another question must not stand under this one.
    const sameQuestion = previous.current.length === causes.length && previous.current.every((cause, at) => cause === causes[at]);
    previous.current = causes;
    setKnown((before) => ({ value: sameQuestion ? before.value : undefined, refusal: undefined, waiting: true }));
    ask(breaking.signal).then(
      (value) => {
        if (!breaking.signal.aborted) setKnown({ value, refusal: undefined, waiting: false });
      },
      (thrown: unknown) => {
        if (!breaking.signal.aborted) setKnown((before) => ({ ...before, refusal: refusalOf(thrown), waiting: false }));
      },
    );
    return () => breaking.abort();
    // eslint-free: `ask` is a new function on every render; `causes` say when it asks something else.
  }, [...causes, times]);
  const again = useCallback(() => setTimes((before) => before + 1), []);
  return { ...known, again };
}

/** Asks every `everyMs` while the page is seen, one request at a time. */
export function usePolled<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs: number, causes: readonly unknown[]): Answering<T> {
  const answering = useAnswer(ask, causes);
  const { waiting, again } = answering;
  useEffect(() => {
    if (waiting) return undefined;
    const timer = setTimeout(function due() {
      if (document.visibilityState === 'visible') again();
      else document.addEventListener('visibilitychange', () => again(), { once: true });
    }, everyMs);
    return () => clearTimeout(timer);
  }, [waiting, again, everyMs]);
  return answering;
}

/** A list that comes page by page. */
export interface Paged<T> {
  readonly items: readonly T[] | undefined;
  readonly refusal: Refusal | undefined;
  readonly waiting: boolean;
  /** Whether there are more. */
  readonly goesOn: boolean;
  /** Fetches the next page. */
  readonly more: () => void;
  /** Begins anew. */
  readonly again: () => void;
}

/** Asks for the first page, and for the next when told; `after` is what the page before gave as `next`. */
export function usePages<T, Next extends string | number>(
  ask: (after: Next | undefined, signal: AbortSignal) => Promise<{ items: readonly T[]; next?: Next | null }>,
  causes: readonly unknown[],
): Paged<T> {
  const [pages, setPages] = useState<readonly (readonly T[])[]>([]);
  const [next, setNext] = useState<Next | null | undefined>(undefined);
  const [wanted, setWanted] = useState<{ after: Next | undefined; times: number }>({ after: undefined, times: 0 });
  const [state, setState] = useState<{ refusal: Refusal | undefined; waiting: boolean }>({ refusal: undefined, waiting: true });
  const asked = useRef<readonly unknown[]>(causes);
  useEffect(() => {
    const breaking = new AbortController();
    const sameList = asked.current.length === causes.length && asked.current.every((cause, at) => cause === causes[at]);
    asked.current = causes;
    const after = sameList ? wanted.after : undefined;
    if (after === undefined) setPages([]);
    setState({ refusal: undefined, waiting: true });
    ask(after, breaking.signal).then(
      (page) => {
        if (breaking.signal.aborted) return;
        setPages((before) => (after === undefined ? [page.items] : [...before, page.items]));
        setNext(page.next ?? null);
        setState({ refusal: undefined, waiting: false });
      },
      (thrown: unknown) => {
        if (!breaking.signal.aborted) setState({ refusal: refusalOf(thrown), waiting: false });
      },
    );
    return () => breaking.abort();
  }, [...causes, wanted]);
  return {
    items: pages.length === 0 ? undefined : pages.flat(),
    ...state,
    goesOn: next !== null && next !== undefined,
    more: () => {
      if (next !== null && next !== undefined) setWanted((before) => ({ after: next, times: before.times + 1 }));
    },
    again: () => setWanted((before) => ({ after: undefined, times: before.times + 1 })),
  };
}

/** All items of a list of pages, at most `pagesMax` of them; `whole` says whether that was all. */
export async function gather<T, Next>(
  ask: (after: Next | undefined) => Promise<{ items: readonly T[]; next?: Next | null }>,
  pagesMax: number,
): Promise<{ items: T[]; whole: boolean }> {
  const items: T[] = [];
  let after: Next | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await ask(after);
    items.push(...answer.items);
    if (answer.next === null || answer.next === undefined) return { items, whole: true };
    after = answer.next;
  }
  return { items, whole: false };
}
