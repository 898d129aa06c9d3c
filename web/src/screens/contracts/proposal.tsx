import type { JSX } from 'preact'; export default function X(): JSX.Element { return <p/>; }
