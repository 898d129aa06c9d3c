// Covers: the real one where there is one; else one that is drawn from the id, the same each time.

import './cover.css';
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { address } from '../api/client';

interface CoverProps {
  /** The picture's id. */
  picture: string | null;
  /** What it is of: its id seeds the drawing. */
  seed: string;
  /** Whose first letters a round one shows. */
  title: string;
  /** How wide it is shown at most, in pixels of the page. */
  width: number;
  round?: boolean;
  /** Above the fold: fetched at once. */
  eager?: boolean;
}

/** The edges of the pictures that the server makes, in pixels. Asked for as they are, so that a browser fetches each once. */
const EDGES = [96, 320, 640, 1200] as const;

/** The address of a picture that is shown so wide. */
export function coverAddress(picture: string, width: number): string {
  const size = EDGES.find((edge) => edge >= width) ?? EDGES[EDGES.length - 1];
  return address('/api/v1/covers/{id}', { id: picture }, { size });
}

/** A cover. What it shows stands beside it as text, so it is silent. */
export function Cover({ picture, seed, title, width, round = false, eager = false }: CoverProps): JSX.Element {
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <span class={`cover${round ? ' cover-round' : ''}`}>
      {picture === null || broken === picture ? (
        <Drawn seed={seed} title={title} round={round} />
      ) : (
        <img
          src={coverAddress(picture, width)}
          srcSet={`${coverAddress(picture, width)} 1x, ${coverAddress(picture, width * 2)} 2x`}
          alt=""
          width={width}
          height={width}
          loading={eager ? 'eager' : 'lazy'}
          decoding="async"
          onError={() => setBroken(picture)}
        />
      )}
    </span>
  );
}

/** The first four covers of a list as one; what isn't there is drawn. */
export function Mosaic({ pictures, seed, title, width, eager = false }: { pictures: readonly string[]; seed: string; title: string; width: number; eager?: boolean }): JSX.Element {
  const four = [...new Set(pictures)].slice(0, 4);
  if (four.length < 4) return <Cover picture={four[0] ?? null} seed={seed} title={title} width={width} eager={eager} />;
  return (
    <span class="cover cover-mosaic">
      {four.map((picture) => (
        <img key={picture} src={coverAddress(picture, width / 2)} srcSet={`${coverAddress(picture, width / 2)} 1x, ${coverAddress(picture, width)} 2x`} alt="" loading={eager ? 'eager' : 'lazy'} decoding="async" />
      ))}
    </span>
  );
}

const PALETTES = 8;

/** Bars, waves, arcs or discs on one of eight grounds; a person has initials. */
function Drawn({ seed, title, round }: { seed: string; title: string; round: boolean }): JSX.Element {
  const id = useId();
  const hash = hashed(seed);
  const of: Pick = (salt, below) => (Math.imul(hash ^ (salt * 0x85eb_ca6b), 0xc2b2_ae35) >>> 8) % below;
  const turn = of(3, 4) * 90;
  return (
    <svg class={`drawn drawn-${of(0, PALETTES) + 1}`} viewBox="0 0 100 100" aria-hidden="true" focusable="false">
      <defs>
        <linearGradient id={id} gradientTransform={`rotate(${of(5, 3) * 30 + 15} 0.5 0.5)`}>
          <stop offset="0" class="drawn-deep" />
          <stop offset="1" class="drawn-light" />
        </linearGradient>
      </defs>
      <rect width="100" height="100" fill={`url(#${id})`} />
      {round ? (
        <text class="drawn-letters" x="50" y="51" text-anchor="middle" dominant-baseline="central">
          {letters(title)}
        </text>
      ) : (
        <g class="drawn-figure" transform={`rotate(${turn} 50 50)`}>
          {SHAPES[of(7, SHAPES.length)]?.(of)}
        </g>
      )}
    </svg>
  );
}

/** A number below a limit, by the seed and a salt. */
type Pick = (salt: number, below: number) => number;

const SHAPES: readonly ((of: Pick) => JSX.Element[])[] = [
  // A level meter.
  (of) =>
    Array.from({ length: 7 }, (_, at) => {
      const height = 18 + of(at + 2, 58);
      return <rect key={at} x={11 + at * 11.6} y={(100 - height) / 2} width="7" height={height} rx="3.5" opacity={0.3 + of(at + 9, 5) / 10} />;
    }),
  // Grooves.
  (of) =>
    Array.from({ length: 6 }, (_, at) => <circle key={at} class="drawn-line" cx={of(4, 60) - 10} cy={of(8, 60) + 40} r={14 + at * 15} opacity={0.65 - at * 0.09} />),
  // Waves.
  (of) =>
    Array.from({ length: 4 }, (_, at) => {
      const y = 34 + at * 17;
      const swing = 8 + of(at + 3, 12);
      return <path key={at} d={`M-5 ${y} q 27.5 ${-swing} 55 0 t 55 0 V105 H-5 Z`} opacity={0.16} />;
    }),
  // A disc over a horizon.
  (of) => [<circle key="disc" cx={35 + of(2, 30)} cy={38 + of(6, 14)} r={18 + of(4, 10)} opacity="0.75" />, <rect key="sea" y={62 + of(9, 8)} width="100" height="40" opacity="0.18" />, <rect key="shore" y={78 + of(10, 8)} width="100" height="30" opacity="0.18" />],
  // Quarter discs in a grid.
  (of) =>
    Array.from({ length: 9 }, (_, at) => {
      const [x, y] = [(at % 3) * 33.4, Math.floor(at / 3) * 33.4];
      return <path key={at} transform={`translate(${x} ${y}) rotate(${of(at + 1, 4) * 90} 16.7 16.7)`} d="M0 0 H33.4 A33.4 33.4 0 0 1 0 33.4 Z" opacity={0.1 + of(at + 5, 5) / 9} />;
    }),
];

/** The first letters of the first two words. */
export function letters(title: string): string {
  const words = title.split(/\s+/u).map((word) => word.replace(/[^\p{L}\p{N}]/gu, '')).filter((word) => word !== '');
  const firsts = words.slice(0, 2).map((word) => [...word][0] ?? '');
  return firsts.join('').toLocaleUpperCase() || '♪';
}

/** FNV-1a: equal seeds give equal drawings in every browser. */
export function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
