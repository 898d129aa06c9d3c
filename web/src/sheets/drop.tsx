// Where a sheet or a contract file is dropped or chosen.

import './drop.css';
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Icon } from '../parts/icon';

/** A file as text. */
export interface TextFile {
  name: string;
  text: string;
}

/** Files beyond this aren't read. */
export const BYTES_MAX = 8 << 20;

export function DropText({ line, hint, accept, multiple = false, onFiles, onWrong }: { line: string; hint: string; accept: string; multiple?: boolean; onFiles: (files: TextFile[]) => void; onWrong: (sentence: string) => void }): JSX.Element {
  const [over, setOver] = useState(false);
  const id = useId();
  const take = async (files: readonly File[]): Promise<void> => {
    const chosen = multiple ? files : files.slice(0, 1);
    const large = chosen.find((file) => file.size > BYTES_MAX);
    if (large !== undefined) return onWrong(`${large.name} has more than ${BYTES_MAX >> 20} MiB. Import it by the command line.`);
    try {
      // A file in another encoding would be stored with replaced letters: rather refused.
      const decoder = new TextDecoder('utf-8', { fatal: true });
      onFiles(await Promise.all(chosen.map(async (file) => ({ name: file.name, text: decoder.decode(await file.arrayBuffer()) }))));
    } catch {
      onWrong('That isn’t text in UTF-8. Save the sheet as “CSV UTF-8”.');
    }
  };
  return (
    <div
      class={`drop-text${over ? ' drop-text-over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <Icon name="try" size={24} />
      <div class="drop-text-words">
        <p class="drop-text-line">{line}</p>
        <p class="small faint">{hint}</p>
      </div>
      <div class="drop-text-choose">
        <input
          id={id}
          class="unseen"
          type="file"
          accept={accept}
          multiple={multiple}
          onChange={(event) => {
            const input = event.currentTarget;
            void take([...(input.files ?? [])]);
            input.value = '';
          }}
        />
        <label class="button button-plain" for={id}>
          {multiple ? 'Choose files' : 'Choose a file'}
        </label>
      </div>
    </div>
  );
}
