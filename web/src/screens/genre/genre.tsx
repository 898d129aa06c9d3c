// The albums of a genre, the newest first.

import type { JSX } from 'preact';
import { useAnswer, usePages } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { AlbumTile, Tiles, TilesWaiting } from '../../music/tiles';
import { AnsweredPages, Empty } from '../../parts/answered';
import { Screen } from '../../parts/screen';
import type { ScreenProps } from '../routes';

export default function GenreScreen({ params }: ScreenProps): JSX.Element {
  const key = params['key'] ?? '';
  // The genre itself is the first one behind all that come before it.
  const before = key.slice(0, -1);
  const named = useAnswer((signal) => get('/api/v1/genres', { query: { after: before, limit: 200 }, signal }), [key]);
  const name = named.value?.items.find((genre) => genre.key === key)?.name ?? key;
  const albums = usePages<Shape<'MusicAlbumSummary'>, string>((after, signal) => get('/api/v1/albums', { query: after === undefined ? { genre: key } : { genre: key, after }, signal }), [key]);
  return (
    <Screen title={name} crumbs={[{ label: 'Listen', href: '#/listen' }]}>
      <AnsweredPages of={albums} skeleton={<TilesWaiting />}>
        {(items) =>
          items.length === 0 ? (
            <Empty title="Nothing of this genre is there">Genres come from the tags of files in the music folder.</Empty>
          ) : (
            <Tiles label={`Albums: ${name}`}>
              {items.map((album) => (
                <AlbumTile key={album.id} album={album} />
              ))}
            </Tiles>
          )
        }
      </AnsweredPages>
    </Screen>
  );
}
