// The three states of whatever is fetched: a skeleton while it waits, a refusal with a way to try again,
// and what came. While something newer is fetched, what is there stays.

import './answered.css';
import type { ComponentChildren, JSX } from 'preact';
import type { Answering, Paged } from '../api/answer';
import { Button } from './button';
import { Refused } from './notice';

export function Answered<T>({ of, skeleton, children }: { of: Answering<T>; skeleton?: ComponentChildren; children: (value: T) => ComponentChildren }): JSX.Element {
  return (
    <>
      {of.refusal === undefined ? null : <Refused refusal={of.refusal} onAgain={of.again} />}
      {of.value !== undefined ? children(of.value) : of.refusal === undefined ? (skeleton ?? <Skeleton />) : null}
    </>
  );
}

/** The same for a list that comes page by page. */
export function AnsweredPages<T>({ of, skeleton, children }: { of: Paged<T>; skeleton?: ComponentChildren; children: (items: readonly T[]) => ComponentChildren }): JSX.Element {
  return (
    <>
      {of.items !== undefined ? children(of.items) : of.refusal === undefined ? (skeleton ?? <Skeleton />) : null}
      {of.refusal === undefined ? null : <Refused refusal={of.refusal} onAgain={of.items === undefined ? of.again : of.more} />}
      {of.goesOn ? (
        <p class="answered-more">
          <Button busy={of.waiting} onPress={of.more}>
            Load more
          </Button>
        </p>
      ) : null}
    </>
  );
}

/** Grey lines where text will be. */
export function Skeleton({ rows = 4, figures = 0 }: { rows?: number; figures?: number }): JSX.Element {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {figures === 0 ? null : (
        <div class="skeleton-figures" aria-hidden="true">
          {Array.from({ length: figures }, (_, at) => (
            <span key={at} class="skeleton-figure" />
          ))}
        </div>
      )}
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} class={`skeleton-line skeleton-line-${at % 4}`} aria-hidden="true" />
      ))}
    </div>
  );
}

/** Nothing is there, which is an answer too: what would be here, and how it comes to be. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
    </div>
  );
}
