// The player, in a real browser against a real server, with music whose every sample is known.
import { beginPlays, counts } from './playing-counts.mjs';
import { delivery } from './playing-delivery.mjs';
import { sound } from './playing-sound.mjs';
import { musicWorld } from './playing-world.mjs';

let begun;

/** One world for all of them, made when the first one is run. */
function together({ name, run }) {
  return {
    name,
    async run(world) {
      begun ??= musicWorld(world).then((made) => {
        world.ending.push(() => made.end());
        return made;
      });
      await run(await begun, world);
    },
  };
}

const [first, ...others] = sound;
/** The first is timed, so nothing else plays; what takes half a minute of sound goes on beside the others. */
const begin = { name: 'playing: what takes half a minute begins', run: async (world) => beginPlays(world) };
// The last ones stop the server.
export const ways = [first, begin, ...others, ...counts, ...delivery].map(together);
