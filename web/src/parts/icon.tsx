// Drawn signs, 20 units wide, in the colour of the writing around them. Never the only bearer of a meaning.

import type { JSX } from 'preact';

const PATHS = {
  overview: 'M3 10.5 10 4l7 6.5M5 9v7h10V9',
  earnings: 'M3 16V9m4.7 7V5m4.6 11V8M17 16V3',
  statement: 'M5 2.8h7l3 3v11.4H5zM7.5 8h5M7.5 11h5M7.5 14h3',
  held: 'M10 3.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6M10 6.4V10l2.4 1.6',
  balance: 'M10 3v14M5 17h10M3 8l3-3.6L9 8a3 3 0 0 1-6 0m8 0 3-3.6L17 8a3 3 0 0 1-6 0',
  close: 'M4 4.5h12v12H4zM4 8h12M7 2.8v3M13 2.8v3m-5.5 6 2 2 3.3-3.6',
  revenue: 'M3 5.5h14v9H3zM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4',
  contract: 'M5 2.8h7l3 3v11.4H5zM7.5 13.5c1.5-3 2-3 2.6 0 .4-1 1-1 2.4 0M7.5 7.5h4',
  advance: 'M3 6.5h10.5M10.5 3.5l3 3-3 3M17 13.5H6.5M9.5 10.5l-3 3 3 3',
  exchange: 'M4 7.5a6.2 6.2 0 0 1 11-1.8M15.5 2.5v3.4h-3.4M16 12.5a6.2 6.2 0 0 1-11 1.8M4.5 17.5v-3.4h3.4',
  comparison: 'M4 16V7h4v9zM12 16V4h4v12zM2.5 16.5h15',
  ledger: 'M4 3h10.5a1.5 1.5 0 0 1 1.5 1.5V17H5.5A1.5 1.5 0 0 1 4 15.5zM7 7h6M7 10h6M7 13h3',
  payout: 'M3 4.5h14v8H3zM10 7a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3M5.5 16h9',
  queue: 'M3 5h14M3 10h14M3 15h8',
  audit: 'M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M13 13l4 4M7 9l1.5 1.5L11.5 7.5',
  access: 'M7 7a3.2 3.2 0 1 0 0 6.4A3.2 3.2 0 0 0 7 7m3 2.6 7-.1v3M14 9.6v2',
  person: 'M10 3.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M4 16.5c.5-3.4 2.8-4.8 6-4.8s5.5 1.4 6 4.8',
  people: 'M7.5 4a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4M2.5 16c.4-3 2.3-4.2 5-4.2s4.6 1.2 5 4.2M13 4.3a2.6 2.6 0 0 1 0 5M14.5 12c1.8.5 2.8 1.8 3 4',
  home: 'M3 10.5 10 4l7 6.5M5 9v7.5h3.5V12h3v4.5H15V9',
  try: 'M10 13V3.5M6.2 7 10 3.2 13.8 7M3.5 12v4.5h13V12',
  menu: 'M3 6h14M3 10h14M3 14h14',
  cross: 'M5 5l10 10M15 5 5 15',
  chevron: 'M8 5l5 5-5 5',
  chevron_back: 'M12 5l-5 5 5 5',
  down: 'M5 8l5 5 5-5',
  download: 'M10 3v9.5M6.2 9 10 12.8 13.8 9M3.5 14v2.5h13V14',
  print: 'M6 7V3h8v4M6 14H3.5V7h13v7H14M6 11.5h8V17H6z',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 2v1.5m0 13V18M2 10h1.5m13 0H18M4.3 4.3l1.1 1.1m9.2 9.2 1.1 1.1m0-11.4-1.1 1.1M5.4 14.6l-1.1 1.1',
  moon: 'M16 11.6A6.6 6.6 0 0 1 8.4 4a6.6 6.6 0 1 0 7.6 7.6z',
  system: 'M3 4.5h14v9H3zM7 16.5h6M10 13.5v3',
  out: 'M8 3.5H4v13h4M12 6.5 15.5 10 12 13.5M7.5 10h8',
  check: 'M4 10.5 8.2 14.5 16 6',
  warning: 'M10 3.2 17.5 16.5h-15zM10 8.2v4M10 14.2v.2',
  flag: 'M5 17V3.5M5 4h9l-2 3 2 3H5',
  play: 'M6.5 4.5v11l9-5.5z',
  artist: 'M10 3.2a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4M3.8 16.8c.6-3.4 3-5.2 6.2-5.2s5.6 1.8 6.2 5.2',
  pause: 'M7 4.5v11M13 4.5v11',
  next: 'M5 5v10l8-5zM15 5v10',
  previous: 'M15 5v10l-8-5zM5 5v10',
  shuffle: 'M3 6.5h2.2c4.6 0 4 7 8.6 7H17M3 13.5h2.2c1.6 0 2.6-.9 3.4-2M11 8.3c.8-1.1 1.5-1.8 2.8-1.8H17M14.8 4.2 17 6.5l-2.2 2.3M14.8 11.2 17 13.5l-2.2 2.3',
  repeat: 'M4 10V8.5A2.5 2.5 0 0 1 6.5 6H16M13.7 3.7 16 6l-2.3 2.3M16 10v1.5a2.5 2.5 0 0 1-2.5 2.5H4M6.3 11.7 4 14l2.3 2.3',
  repeat_one: 'M4 10V8.5A2.5 2.5 0 0 1 6.5 6H16M13.7 3.7 16 6l-2.3 2.3M16 10v1.5a2.5 2.5 0 0 1-2.5 2.5H4M6.3 11.7 4 14l2.3 2.3M9.3 9l1.2-.7v3.6',
  heart: 'M10 16.3C5.8 13.2 3 10.8 3 7.6A3.6 3.6 0 0 1 6.6 4c1.400 0 2.6.7 3.400 1.900C10.8 4.7 12 4 13.400 4A3.6 3.6 0 0 1 17 7.6c0 3.2-2.8 5.6-7 8.7z',
  up_next: 'M3 5h14M3 9.5h8M3 14h8M13.5 10.5v6l4-3z',
  volume: 'M3 8v4h3l4 3.3V4.7L6 8zM13 7.3a4 4 0 0 1 0 5.400M15.2 5a7 7 0 0 1 0 10',
  mute: 'M3 8v4h3l4 3.3V4.7L6 8zM13 8l4 4M17 8l-4 4',
  lyrics: 'M4 3.5h12v9.5H9l-3.5 3.5V13H4zM7 7h6M7 9.8h4',
  more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
  plus: 'M10 4v12M4 10h12',
  plus_list: 'M3 5h11M3 9.5h7M3 14h7M14.5 10.5v6M11.5 13.5h6',
  library: 'M4 4v12M8 4v12M11.2 4.6l4.6 11',
  chart: 'M4 16v-5M8 16V6M12 16V9M16 16V4',
  sound: 'M3 6h7M14 6h3M12 4.2v3.6M3 10h2M9 10h8M7 8.2v3.6M3 14h8M15 14h2M13 12.2v3.6',
  help: 'M7.3 7.6A2.7 2.7 0 1 1 11.5 9.8C10.5 10.4 10 11 10 12.2M10 15v.2',
  grip: 'M7.5 5h.01M7.5 10h.01M7.5 15h.01M12.5 5h.01M12.5 10h.01M12.5 15h.01',
  pencil: 'M4 16l.8-3.3L13 4.5l2.5 2.5-8.2 8.2zM11.5 6l2.5 2.5',
  bin: 'M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.8 11h7.400l.8-11M8.5 8.5v5M11.5 8.5v5',
  time: 'M10 3.2a6.8 6.8 0 1 0 0 13.6 6.8 6.8 0 0 0 0-13.6M10 6.400V10l2.400 1.6',
  arrow: 'M4 10h11.5M11 5.5 15.5 10 11 14.5',
} as const;

/** A sign's name. */
export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20, full = false }: { name: IconName; size?: number; /** Filled: what is on, what can be played. */ full?: boolean }): JSX.Element {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" fill={full ? 'currentColor' : 'none'} stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
