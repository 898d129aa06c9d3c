// Columns over time, and the same as a table: what is drawn can always be read. uPlot comes only with
// the first chart.

import './chart.css';
import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { theme } from '../design/theme';
import { count } from '../figures/format';
import { Button } from './button';
import { Table } from './table';

/** What is counted, one value for each point. */
export interface Series {
  name: string;
  values: readonly number[];
  /** Which colour of the palette; in order where left out. */
  colour?: 1 | 2 | 3 | 4 | 5 | 6;
}

interface ChartProps {
  /** What it shows, as a sentence without its full stop. */
  label: string;
  /** What stands below each column, in order. */
  points: readonly string[];
  /** Several lie on each other: their heights add up. */
  series: readonly Series[];
  /** The head of the table's first column. */
  pointHead: string;
  height?: number;
}

export function ColumnChart({ label, points, series, pointHead, height = 220 }: ChartProps): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  return (
    <figure class="chart">
      <div class="chart-head">
        {series.length > 1 ? <Legend series={series} /> : <span />}
        <Button look="quiet" pressed={asTable} onPress={() => setAsTable(!asTable)}>
          {asTable ? 'Show chart' : 'Show table'}
        </Button>
      </div>
      {asTable ? (
        <Table
          dense
          caption={label}
          rows={points.map((point, at) => ({ point, at }))}
          rowKey={(row) => row.at}
          columns={[
            { key: 'point', head: pointHead, cell: (row) => row.point },
            ...series.map((one) => ({ key: one.name, head: one.name, kind: 'figure' as const, cell: (row: { at: number }) => count(one.values[row.at] ?? 0) })),
          ]}
        />
      ) : (
        <Drawing id={id} label={label} points={points} series={series} height={height} />
      )}
    </figure>
  );
}

function Legend({ series }: { series: readonly Series[] }): JSX.Element {
  return (
    <ul class="legend">
      {series.map((one, at) => (
        <li key={one.name}>
          <span class={`legend-mark legend-${one.colour ?? (at % 6) + 1}`} aria-hidden="true" />
          {one.name}
        </li>
      ))}
    </ul>
  );
}

function Drawing({ id, label, points, series, height }: { id: string; label: string; points: readonly string[]; series: readonly Series[]; height: number }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<number | null>(null);
  const { value: chosen } = theme;
  const drawnFrom = JSON.stringify([points, series.map((one) => [one.name, one.values, one.colour])]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let plot: uPlot | undefined;
    let gone = false;
    const watcher = new ResizeObserver(([entry]) => {
      if (entry !== undefined) plot?.setSize({ width: Math.floor(entry.contentRect.width), height });
    });
    void import('uplot').then(({ default: UPlot }) => {
      if (gone) return;
      const options = drawing(UPlot, element, points, series, height, setShown);
      plot = new UPlot(options, stacked(points, series), element);
      watcher.observe(element);
    });
    return () => {
      gone = true;
      watcher.disconnect();
      plot?.destroy();
    };
  }, [drawnFrom, height, chosen]);
  const total = (at: number): number => series.reduce((all, one) => all + (one.values[at] ?? 0), 0);
  const sum = points.reduce((all, _, at) => all + total(at), 0);
  return (
    <>
      <div ref={place} class="chart-place" role="img" aria-label={`${label}. ${count(sum)} in all; the table has each value.`} aria-describedby={id} />
      <figcaption id={id} class="chart-caption">
        {shown === null || points[shown] === undefined ? (
          <span class="unseen">{label}</span>
        ) : (
          <>
            <strong>{points[shown]}</strong>
            {series.map((one) => ` · ${series.length > 1 ? `${one.name} ` : ''}${count(one.values[shown] ?? 0)}`).join('')}
          </>
        )}
        {/* Keeps the line's height while nothing is pointed at. */}
        {'\u00a0'}
      </figcaption>
    </>
  );
}

/** Each series on top of those before it, the highest first so that lower ones are drawn over it. */
function stacked(points: readonly string[], series: readonly Series[]): uPlot.AlignedData {
  const heights: number[][] = [];
  for (const one of series) {
    const below = heights.at(-1);
    heights.push(points.map((_, at) => (below?.[at] ?? 0) + (one.values[at] ?? 0)));
  }
  return [points.map((_, at) => at), ...heights.reverse()];
}

function drawing(UPlot: typeof uPlot, element: HTMLElement, points: readonly string[], series: readonly Series[], height: number, onPoint: (at: number | null) => void): uPlot.Options {
  const colours = colourReader(element);
  const bars = UPlot.paths.bars?.({ size: [0.72, 48], radius: 0.15 });
  const axis = { stroke: colours('--ink-faint'), font: `12px ${getComputedStyle(element).fontFamily}`, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false, y: false } },
    scales: { x: { time: false, range: [-0.6, Math.max(points.length - 0.4, 0.6)] }, y: { range: (_, __, max) => [0, Math.max(max * 1.06, 1)] } },
    axes: [
      { ...axis, grid: { show: false }, gap: 6, size: 28, splits: () => labelled(points, element.clientWidth), values: (_, splits) => splits.map((at) => points[at] ?? '') },
      { ...axis, grid: { stroke: colours('--hairline'), width: 1 }, size: 56, incrs: WHOLE_STEPS, values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? count(value) : '')) },
    ],
    series: [
      {},
      ...series.map((one, at) => ({ ...one, at })).reverse().map((one) => ({
        label: one.name,
        fill: colours(`--series-${one.colour ?? (one.at % 6) + 1}`),
        stroke: 'transparent',
        width: 0,
        ...(bars === undefined ? {} : { paths: bars }),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
}

/** A variable of the palette as the colour that it comes to here; a canvas can't read variables. */
function colourReader(element: HTMLElement): (name: string) => string {
  return (name) => {
    const probe = document.createElement('span');
    probe.style.color = `var(${name})`;
    element.append(probe);
    const colour = getComputedStyle(probe).color;
    probe.remove();
    return colour;
  };
}

/** Between the lines of a chart of whole numbers. */
const WHOLE_STEPS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9].flatMap((power) => [power, 2 * power, 5 * power]);

const CHARACTER_PX = 6.5;
const LABEL_GAP_PX = 18;

/** Which points have their label: as many as there is room for. */
function labelled(points: readonly string[], widthPx: number): number[] {
  const longest = points.reduce((most, point) => Math.max(most, point.length), 1);
  const room = Math.max(1, Math.floor(widthPx / (longest * CHARACTER_PX + LABEL_GAP_PX)));
  const every = Math.max(1, Math.ceil(points.length / room));
  return Array.from({ length: Math.ceil(points.length / every) }, (_, at) => at * every);
}
