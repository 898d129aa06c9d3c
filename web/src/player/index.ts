// What screens use of the player: begin, stop, look, change the queue. How it works is in the files beside this one:
// `ladder` which rung, `timeline` where its samples lie, `fetching` from where, `engine` the sound, `heard` and `reports` what
// is said of it, `loudness` how loud.

export { arrange, at, counts, durationS, enqueue, heardMs, isPreview, nowPlaying, options, pause, playNext, playTracks, positionS, queue, repeat, seek, setOptions, setRepeat, setVolume, skipNext, skipPrevious, status, togglePlay, trouble, volume, withMediaSession } from './player';
export type { QueuedTrack, Status } from './player';
