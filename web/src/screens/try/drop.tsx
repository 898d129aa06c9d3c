// Where files are dropped or chosen: a file, several, or a folder.

import './drop.css';
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Icon } from '../../parts/icon';

/** A file and where it lay in what was dropped. */
export interface Dropped {
  path: string;
  file: File;
}

/** What an export consists of; pictures and notes beside it aren't sent. */
const WANTED = /\.(json|jsonl|zip)$/i;
/** A folder with more than these is no export. */
const FILES_MAX = 200;

export function Drop({ onDrop, busy, several }: { onDrop: (files: Dropped[]) => void; busy: boolean; several: boolean }): JSX.Element {
  const [over, setOver] = useState(false);
  const [file, folder] = [useId(), useId()];
  const chosen = (event: Event): void => {
    const input = event.currentTarget as HTMLInputElement;
    onDrop(wanted([...(input.files ?? [])].map((one) => ({ path: one.webkitRelativePath || one.name, file: one }))));
    input.value = '';
  };
  return (
    <div
      class={`drop${over ? ' drop-over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const items = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
        void walk(items).then((found) => onDrop(wanted(found)));
      }}
    >
      <Icon name="try" size={28} />
      <p class="drop-line">{busy ? 'Counting…' : several ? 'Drop somebody else’s history here too' : 'Drop your listening history here'}</p>
      <p class="small faint">The zip that Spotify sends, the JSON files in it, or a ListenBrainz export; of several people, a zip or a folder each. Up to 64 MiB in all.</p>
      <div class="drop-choose">
        <input id={file} class="unseen" type="file" accept=".json,.jsonl,.zip,application/json,application/zip" multiple onChange={chosen} />
        <label class="button button-primary" for={file}>
          Choose files
        </label>
        <input id={folder} class="unseen" type="file" {...{ webkitdirectory: true }} onChange={chosen} />
        <label class="button button-plain" for={folder}>
          Choose a folder
        </label>
      </div>
    </div>
  );
}

function wanted(files: readonly Dropped[]): Dropped[] {
  return files.filter(({ path }) => WANTED.test(path)).slice(0, FILES_MAX);
}

/** All files below what was dropped. */
async function walk(entries: readonly FileSystemEntry[]): Promise<Dropped[]> {
  const found: Dropped[] = [];
  const waiting = [...entries];
  while (waiting.length > 0 && found.length < FILES_MAX) {
    const entry = waiting.shift();
    if (entry === undefined) break;
    if (entry.isFile) {
      const file = await new Promise<File>((good, bad) => (entry as FileSystemFileEntry).file(good, bad));
      found.push({ path: entry.fullPath.replace(/^\//, ''), file });
    } else {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      for (;;) {
        // A reader gives a hundred at a time, and none once it has given all.
        const some = await new Promise<FileSystemEntry[]>((good, bad) => reader.readEntries(good, bad));
        if (some.length === 0) break;
        waiting.push(...some);
      }
    }
  }
  return found;
}
