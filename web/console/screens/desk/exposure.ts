/**
 * Tells the desk how long something was open, so that nobody looks longer than they set themselves.
 *
 * Counts only while the page is to be seen. Told every half minute and at the end; what is lost when the browser dies is at most that.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Grade } from '../../../../contract/desk/words.ts';
import { getWellness, tellExposure } from '../../../../contract/routes/desk/evidence.ts';
import { call } from '../../api/client.ts';
import { ask } from '../../api/queries.ts';

const tellEveryMs = 30_000;

export function useExposure(
  evidenceId: string,
  mode: 'text' | 'blurred' | 'greyscale' | 'plain',
  grade: Grade | null,
  open: boolean,
): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!open) return undefined;
    let sinceMs = document.hidden ? null : performance.now();
    let keptMs = 0;
    const tell = () => {
      const nowMs = performance.now();
      if (sinceMs !== null) {
        keptMs += nowMs - sinceMs;
        sinceMs = nowMs;
      }
      const seconds = Math.min(Math.round(keptMs / 1000), 600);
      if (seconds < 1) return;
      keptMs -= seconds * 1000;
      // Nothing waits for this: a number that is lost is looked at again with the next one.
      call(tellExposure, { params: { evidenceId }, body: { seconds, mode, grade } }).then(
        (wellness) => client.setQueryData(ask(getWellness).queryKey, wellness),
        () => undefined,
      );
    };
    const turned = () => {
      tell();
      sinceMs = document.hidden ? null : performance.now();
    };
    const timer = setInterval(tell, tellEveryMs);
    document.addEventListener('visibilitychange', turned);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', turned);
      tell();
    };
  }, [client, evidenceId, mode, grade, open]);
}
