// How loud the element's sound leaves: drawn ahead as a curve on the clock of the sound itself, so that a fade is smooth and
// a track's own loudness begins with the track, however seldom somebody looks.

/** How far ahead the curve is drawn, and in which steps, in seconds: looks come later in a page that isn't seen. */
const DRAWN_S = 1.5;
const STEP_S = 0.02;
/** How quickly a loudness that stays is gone over to. */
const SETTLE_S = 0.015;

export class Gain {
  private graph: { context: AudioContext; node: GainNode } | null = null;

  constructor(private readonly audio: HTMLAudioElement) {}

  /** Must be called within a gesture of the user, or the browser keeps silent. */
  open(): void {
    if (typeof AudioContext === 'undefined') return;
    if (this.graph === null) {
      const context = new AudioContext();
      const node = context.createGain();
      context.createMediaElementSource(this.audio).connect(node).connect(context.destination);
      this.graph = { context, node };
    }
    // Not waited for: a device that isn't there must not keep the clock from running.
    if (this.graph.context.state !== 'running') this.graph.context.resume().catch(() => undefined);
  }

  /** Draws what comes; `factorAt` says how loud it is at a second of the element's time line. */
  draw(factorAt: (atS: number) => number): void {
    if (this.graph === null) return;
    const { context, node } = this.graph;
    const param = node.gain;
    const [nowS, atS] = [context.currentTime, this.audio.currentTime];
    const runs = !this.audio.paused && !this.audio.seeking;
    const points: number[] = [];
    for (let step = 0; step <= (runs ? DRAWN_S / STEP_S : 0); step += 1) points.push(factorAt(atS + step * STEP_S));
    const now = points[0] ?? 1;
    if (typeof param.cancelAndHoldAtTime === 'function') param.cancelAndHoldAtTime(nowS);
    else param.cancelScheduledValues(nowS).setValueAtTime(param.value, nowS);
    if (points.every((point) => point === now)) {
      param.setTargetAtTime(now, nowS, SETTLE_S);
      return;
    }
    points.forEach((point, step) => {
      if (step > 0) param.linearRampToValueAtTime(point, nowS + step * STEP_S);
    });
  }
}
