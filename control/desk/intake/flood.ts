/**
 * Whether reports come in as a flood right now: then what can wait gives way to taking them in.
 *
 * It knows how many came in this second and the one before, to this process and of all kinds together, and nothing of what they are about. Fails open: a
 * flood that is not seen (it goes to another process) makes receipts slower and loses nothing.
 */

/** Measured on two cores: reading beside this many a second delays no receipt by more than some milliseconds. */
const floodPerSecond = 100;

export type FloodGauge = {
  /** One report came in. */
  note(): void;
  isFlood(): boolean;
};

export function floodGauge(now: () => number): FloodGauge {
  let second = 0;
  let inThis = 0;
  let inLast = 0;
  const turn = () => {
    const current = Math.floor(now() / 1000);
    if (current === second) return;
    inLast = current === second + 1 ? inThis : 0;
    inThis = 0;
    second = current;
  };
  return {
    note() {
      turn();
      inThis += 1;
    },
    isFlood() {
      turn();
      return Math.max(inThis, inLast) > floodPerSecond;
    },
  };
}
