// Which screen stands in the frame: by who looks and where.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Refusal, refusalOf } from './api/problem';
import { Skeleton } from './parts/answered';
import { announce } from './parts/announce';
import { Refused } from './parts/notice';
import { Screen } from './parts/screen';
import { match, place, read, replace } from './router';
import { SetUp } from './screens/set-up/set-up';
import { Invited } from './screens/sign-in/invited';
import { SignIn } from './screens/sign-in/sign-in';
import { type Route, type ScreenComponent, home, routes } from './screens/routes';
import { resume, session, unreachable } from './session/session';
import { Shell } from './shell';

export function App(): JSX.Element {
  useEffect(() => {
    void resume();
  }, []);
  return (
    <Shell>
      <Inside />
    </Shell>
  );
}

function Inside(): JSX.Element {
  const { parts, query } = place.value;
  const secret = parts[0] === 'invitation' ? parts[1] : undefined;
  if (secret !== undefined) return <Invited secret={secret} once={parts[2] === 'once'} />;
  if (parts[0] === 'set-up' && parts[1] !== undefined) return <SetUp secret={parts[1]} />;
  const found = route(parts);
  const open = found !== null && found.route.for === 'anybody';
  const who = session.value;
  if (found !== null && open) return <Loaded {...found} query={query} />;
  if (unreachable.value !== null) return <Refused refusal={unreachable.value} onAgain={() => void resume()} />;
  if (who === undefined) return <Skeleton rows={5} />;
  if (who === null) return <SignIn />;
  if (parts.length === 0) {
    // No step of its own in the history: the back button would lead here and forth again.
    queueMicrotask(() => replace(home(who)));
    return <Skeleton rows={5} />;
  }
  if (found === null || (found.route.for !== 'anybody' && !found.route.for(who))) {
    return (
      <Screen title="There is nothing here for you" note="No screen has this address, or it isn’t one of yours.">
        <p>
          <a href="#/">Go to the first one that is</a>
        </p>
      </Screen>
    );
  }
  return <Loaded {...found} query={query} />;
}

function route(parts: readonly string[]): { route: Route; params: Record<string, string> } | null {
  for (const candidate of routes) {
    const params = match(candidate.pattern, parts);
    if (params !== null) return { route: candidate, params };
  }
  return null;
}

const fetched = new Map<Route, ScreenComponent>();
const onTheirWay = new Map<Route, Promise<void>>();

/** Fetches a screen's code, once; one that couldn't be fetched is asked for again. */
function fetchCode(route: Route): Promise<void> {
  const begun = onTheirWay.get(route);
  if (begun !== undefined) return begun;
  const fetching = route.load().then(
    (module) => void fetched.set(route, module.default),
    (thrown: unknown) => {
      onTheirWay.delete(route);
      throw thrown;
    },
  );
  onTheirWay.set(route, fetching);
  return fetching;
}

/** Fetches a screen's code before it is opened: while it is asked who looks, or once a link is pointed at. */
function fetchAhead(parts: readonly string[]): void {
  const found = route(parts);
  // Whoever opens the screen is told what went wrong.
  if (found !== null) fetchCode(found.route).catch(() => {});
}

fetchAhead(place.peek().parts);
for (const event of ['pointerover', 'focusin'] as const) {
  document.addEventListener(event, ({ target }) => {
    const link = target instanceof Element ? target.closest('a[href^="#/"]')?.getAttribute('href') : null;
    if (link !== null && link !== undefined) fetchAhead(read(link).parts);
  });
}

function Loaded({ route, params, query }: { route: Route; params: Record<string, string>; query: URLSearchParams }): JSX.Element {
  const [, setTimes] = useState(0);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const Fetched = fetched.get(route);
  useEffect(() => {
    // What came since it was drawn has to be drawn too.
    if (Fetched !== undefined) return;
    setRefusal(null);
    fetchCode(route).then(
      () => setTimes((before) => before + 1),
      (thrown: unknown) => setRefusal(refusalOf(thrown)),
    );
  }, [route]);
  useArrival(`${route.pattern} ${JSON.stringify(params)}`, Fetched !== undefined);
  // A script that is gone was replaced by a newer version of these pages.
  if (refusal !== null) return <Refused refusal={refusal} onAgain={() => location.reload()} />;
  return Fetched === undefined ? <Skeleton rows={6} /> : <Fetched key={route.pattern} params={params} query={query} />;
}

/** A new screen is gone to like a new page: at its top, with its heading in focus, and told. */
function useArrival(where: string, there: boolean): void {
  const last = useRef<string | null>(null);
  useEffect(() => {
    if (!there || last.current === where) return;
    const first = last.current === null;
    last.current = where;
    if (first) return;
    scrollTo(0, 0);
    const heading = document.querySelector<HTMLElement>('#main h1');
    heading?.focus({ preventScroll: true });
    announce(heading?.textContent ?? '');
  }, [where, there]);
}
