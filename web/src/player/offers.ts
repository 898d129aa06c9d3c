// What the server lets be played: asked for when it is needed, renewed before it expires.

import { send, type Shape } from '../api/client';

export type Offer = Shape<'PlayOffer'>;
export type Rung = Offer['rungs'][number];

/** Addresses that expire within this time are renewed before they are used. */
const RENEW_BEFORE_MS = 60_000;

/** The device's own name for itself; random, and nobody else's business. */
export function deviceId(): string {
  const known = localStorage.getItem('ledgerline-device');
  if (known !== null) return known;
  const fresh = crypto.randomUUID();
  localStorage.setItem('ledgerline-device', fresh);
  return fresh;
}

/** What the browser believes of its network. */
export function networkQuality(): 'high' | 'medium' | 'low' {
  const about = (navigator as { connection?: { downlink?: number; saveData?: boolean } }).connection;
  if (about?.saveData === true) return 'low';
  const mbps = about?.downlink ?? 1;
  return mbps > 0.5 ? 'high' : mbps > 0.2 ? 'medium' : 'low';
}

/** `follows` is what is fetched ahead: it never takes the place of another device. */
export async function askToPlay(trackId: string, signal: AbortSignal, follows = false): Promise<Offer> {
  return (await ask(`/api/v1/tracks/${encodeURIComponent(trackId)}/play${follows ? '?follows=true' : ''}`, {}, signal)) as Offer;
}

export async function renew(offer: Offer, signal: AbortSignal): Promise<Offer> {
  return (await ask('/api/v1/playback/renew', { body: JSON.stringify({ grant: offer.grant }), type: 'application/json' }, signal)) as Offer;
}

export function expiresSoon(offer: Offer, nowMs: number): boolean {
  return Date.parse(offer.expires_at) - nowMs < RENEW_BEFORE_MS;
}

function ask(url: string, given: { body?: string; type?: string }, signal: AbortSignal): Promise<unknown> {
  return send('POST', url, { ...given, signal, headers: { 'X-Network-Quality': networkQuality(), 'X-Device-Id': deviceId() } });
}
