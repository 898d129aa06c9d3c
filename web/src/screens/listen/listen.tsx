// What there is to hear: what came out last, what came in last, genres, and all albums.

import type { JSX } from 'preact';
import { usePages, useAnswer } from '../../api/answer';
import { get } from '../../api/client';
import { count, counted } from '../../figures/format';
import '../../music/head.css';
import { AlbumTile, Tiles, TilesWaiting } from '../../music/tiles';
import { Answered, AnsweredPages, Empty } from '../../parts/answered';
import { Choices } from '../../parts/field';
import { Screen } from '../../parts/screen';
import { requery, to } from '../../router';
import type { ScreenProps } from '../routes';

const ORDERS = [
  { value: 'newest', label: 'Newest' },
  { value: 'added', label: 'Recently added' },
  { value: 'title', label: 'A–Z' },
] as const;
type Order = (typeof ORDERS)[number]['value'];

export default function ListenScreen({ query }: ScreenProps): JSX.Element {
  const order: Order = ORDERS.find((one) => one.value === query.get('order'))?.value ?? 'newest';
  const genres = useAnswer((signal) => get('/api/v1/genres', { query: { limit: 40 }, signal }), []);
  const albums = usePages<Awaited<ReturnType<typeof page>>['items'][number], string>((after, signal) => page(order, after, signal), [order]);
  return (
    <Screen title="Listen" actions={<Choices label="Order" value={order} options={ORDERS} onChange={(chosen) => requery({ order: chosen })} />}>
      <Answered of={genres} skeleton={<></>}>
        {({ items }) =>
          items.length === 0 ? null : (
            <nav aria-label="Genres">
              <ul class="chips">
                {[...items]
                  .sort((one, other) => other.albums - one.albums)
                  .slice(0, 16)
                  .map((genre) => (
                    <li key={genre.key}>
                      <a href={to(['genres', genre.key])} title={counted(genre.albums, 'album')}>
                        {genre.name} <small>{count(genre.albums)}</small>
                      </a>
                    </li>
                  ))}
              </ul>
            </nav>
          )
        }
      </Answered>
      <section class="music-section" aria-label="Albums">
        <AnsweredPages of={albums} skeleton={<TilesWaiting />}>
          {(items) =>
            items.length === 0 ? (
              <Empty title="There is no music here yet">
                Start the server with <code>serve --music DIR</code>, or run <code>ledgerline catalog scan DIR</code>: albums stand here while the folder is still being read.
              </Empty>
            ) : (
              <Tiles label="Albums">
                {items.map((album) => (
                  <AlbumTile key={album.id} album={album} />
                ))}
              </Tiles>
            )
          }
        </AnsweredPages>
      </section>
    </Screen>
  );
}

function page(order: Order, after: string | undefined, signal: AbortSignal) {
  return get('/api/v1/albums', { query: after === undefined ? { order } : { order, after }, signal });
}
