/** The present, renewed at whole multiples of an interval, so that all charts move together. */
import { useEffect, useState } from 'react';

export function useTick(everyMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setNowMs(Date.now()), everyMs - (Date.now() % everyMs) + 5);
    return () => clearTimeout(timer);
  }, [everyMs, nowMs]);
  return nowMs;
}
