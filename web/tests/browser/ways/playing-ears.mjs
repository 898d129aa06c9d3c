// What is put into a page before its own scripts: it notes what the player gives the browser to sound, and what the browser
// makes of it. It changes nothing that the player sees.

/** Runs in the page; everything that it notes is in `globalThis.ears`. */
export function ears() {
  const noted = {
    /** The element that sounds. */
    audio: null,
    /** What was appended, each with where it was placed. */
    appended: [],
    /** What happened to the element: the event, our clock, its clock. */
    events: [],
    /** What the system's keys do. */
    actions: {},
    pressedMs: 0,
    soundedMs: 0,
    meter: null,
  };
  globalThis.ears = noted;

  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (name, ...rest) {
    const element = create.call(this, name, ...rest);
    if (element instanceof HTMLAudioElement && noted.audio === null) {
      noted.audio = element;
      for (const event of ['playing', 'waiting', 'pause', 'seeking', 'seeked', 'ended', 'error', 'stalled', 'emptied']) {
        element.addEventListener(event, () => noted.events.push({ event, ms: performance.now(), at: element.currentTime }));
      }
      const first = () => {
        if (noted.soundedMs === 0 && !element.paused && element.currentTime > 0) noted.soundedMs = performance.now();
        requestAnimationFrame(first);
      };
      first();
    }
    return element;
  };

  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (bytes) {
    append.call(this, bytes);
    noted.appended.push({ offset: this.timestampOffset, from: this.appendWindowStart, to: this.appendWindowEnd, bytes: bytes.slice() });
  };

  const { mediaSession } = navigator;
  const handle = mediaSession.setActionHandler.bind(mediaSession);
  mediaSession.setActionHandler = (action, handler) => {
    noted.actions[action] = handler;
    handle(action, handler);
  };

  // What leaves for the loudspeakers.
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to === this.context.destination) {
      noted.meter = new AnalyserNode(this.context, { fftSize: 4_096 });
      connect.call(this, noted.meter);
    }
    return connect.call(this, to, ...rest);
  };
  /** How loud it is right now, in decibels of full scale. */
  noted.level = () => {
    const samples = new Float32Array(4_096);
    noted.meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    return 10 * Math.log10(power + 1e-12);
  };

  /** When there was no sound where there should have been; what is over before anybody hears it is none. */
  noted.waits = (from = 0) => {
    const heard = noted.events.slice(from);
    const first = from > 0 ? 0 : heard.findIndex(({ event }) => event === 'playing');
    const goesOn = (at) => heard.slice(at + 1).find(({ event }) => event === 'playing')?.ms ?? performance.now();
    return heard.flatMap((one, at) => (one.event === 'waiting' && at > first && goesOn(at) - one.ms > 50 ? [{ at: one.at, forMs: goesOn(at) - one.ms }] : []));
  };

  addEventListener('click', () => (noted.pressedMs ||= performance.now()), { capture: true });
}
