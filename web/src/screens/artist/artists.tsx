// All artists, by the names that they are sorted by.

import type { JSX } from 'preact';
import { usePages } from '../../api/answer';
import { get, type Shape } from '../../api/client';
import { ArtistTile, Tiles, TilesWaiting } from '../../music/tiles';
import { AnsweredPages, Empty } from '../../parts/answered';
import { Screen } from '../../parts/screen';

export default function ArtistsScreen(): JSX.Element {
  const artists = usePages<Shape<'MusicArtist'>, string>((after, signal) => get('/api/v1/artists', { query: after === undefined ? {} : { after }, signal }), []);
  return (
    <Screen title="Artists">
      <AnsweredPages of={artists} skeleton={<TilesWaiting />}>
        {(items) =>
          items.length === 0 ? (
            <Empty title="There are no artists here yet">Whoever is credited in the music folder will stand here.</Empty>
          ) : (
            <Tiles label="Artists">
              {items.map((artist) => (
                <ArtistTile key={artist.id} artist={artist} />
              ))}
            </Tiles>
          )
        }
      </AnsweredPages>
    </Screen>
  );
}
