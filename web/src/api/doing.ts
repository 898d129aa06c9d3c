// Something that is done on purpose: at work, refused, or done. Twice at once it isn't.

import { useRef, useState } from 'preact/hooks';
import { type Refusal, refusalOf } from './problem';

/** How a deed goes. */
export interface Doing {
  readonly busy: boolean;
  /** Why it wasn't done. */
  readonly refusal: Refusal | undefined;
  /** Does it; whether it was done. While it is at work, another isn't begun. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
  /** Forgets the refusal. */
  readonly clear: () => void;
}

export function useDoing(): Doing {
  const [state, setState] = useState<{ busy: boolean; refusal: Refusal | undefined }>({ busy: false, refusal: undefined });
  const at = useRef(false);
  return {
    ...state,
    run: async (work) => {
      if (at.current) return false;
      at.current = true;
      setState({ busy: true, refusal: undefined });
      try {
        await work();
        setState({ busy: false, refusal: undefined });
        return true;
      } catch (thrown) {
        setState({ busy: false, refusal: refusalOf(thrown) });
        return false;
      } finally {
        at.current = false;
      }
    },
    clear: () => setState((before) => ({ ...before, refusal: undefined })),
  };
}
