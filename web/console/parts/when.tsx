/** A time as people read it, with the exact instant (the viewer's zone, and UTC) on hover and focus. */
import { useEffect, useState } from 'react';
import { exactTime, relativeStepMs, relativeTime, utcTime } from '../format/time.ts';
import { language } from '../words/index.ts';

export function When({ at, focusable = false }: { at: string; focusable?: boolean }) {
  const ms = Date.parse(at);
  const nowMs = useNow(ms);
  return (
    <time
      dateTime={at}
      className="when"
      data-exact={`${exactTime(ms, language)} · ${utcTime(ms)}`}
      tabIndex={focusable ? 0 : undefined}
    >
      {relativeTime(ms, nowMs, language)}
    </time>
  );
}

/** The exact instant written out, for statements and details. */
export function Exactly({ at }: { at: string }) {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} className="when" data-exact={utcTime(ms)}>
      {exactTime(ms, language)}
    </time>
  );
}

/** The present, renewed as often as a relative time to `instantMs` changes. */
export function useNow(instantMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setNowMs(Date.now()), relativeStepMs(instantMs, nowMs));
    return () => clearTimeout(timer);
  }, [instantMs, nowMs]);
  return nowMs;
}
