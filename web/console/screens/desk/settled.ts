/** A value once it has stood still for a while, so that typing does not become a call at every key. */
import { useEffect, useState } from 'react';

export function useSettled<Value>(value: Value, afterMs: number): Value {
  const [settled, setSettled] = useState(value);
  const now = JSON.stringify(value);
  const held = JSON.stringify(settled);
  useEffect(() => {
    if (now === held) return undefined;
    const timer = setTimeout(() => setSettled(value), afterMs);
    return () => clearTimeout(timer);
    // The value is compared by what it says, not by which object it is.
  }, [now, held, afterMs]);
  return settled;
}
