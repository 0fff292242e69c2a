/**
 * What a drill demands, and what it found: each promise is kept within its time or broken with a sentence.
 *
 * A broken promise does not end the drill: what comes after it may still be learnt. What the story needs to go on (a case, a decision) does end it,
 * as a broken promise too. What cannot be tried here is told apart from what was tried.
 */
export type Promised = {
  readonly name: string;
  readonly kept: boolean;
  /** What the machine took. */
  readonly ms: number;
  /** Within which it had to be kept. */
  readonly withinMs: number;
  /** Why it was broken; null when it was kept. */
  readonly why: string | null;
};

export type Untried = { readonly name: string; readonly why: string };

export type Promises = {
  /** Tries until `look` answers anything but null or false, or the time is over. Resolves with the answer, or null when the promise was broken. */
  readonly within: <Answer>(name: string, withinMs: number, look: () => Promise<Answer | null | false>) => Promise<Answer | null>;
  /** One that was looked at elsewhere. */
  readonly found: (promised: Promised) => void;
  readonly untried: (name: string, why: string) => void;
  readonly all: () => readonly Promised[];
  readonly notTried: () => readonly Untried[];
};

const pollMs = 20;

export function makePromises(tell: (promised: Promised) => void, signal: AbortSignal): Promises {
  const all: Promised[] = [];
  const notTried: Untried[] = [];
  const found = (promised: Promised): void => {
    all.push(promised);
    tell(promised);
  };
  return {
    async within(name, withinMs, look) {
      const began = performance.now();
      let why = 'What was waited for did not come.';
      do {
        signal.throwIfAborted();
        try {
          const answer = await look();
          const ms = Math.round(performance.now() - began);
          if (answer !== null && answer !== false) {
            // Kept too late is broken, and the story goes on with what came.
            const kept = ms <= withinMs;
            found({ name, kept, ms, withinMs, why: kept ? null : `It took ${ms} ms; ${withinMs} are promised.` });
            return answer;
          }
        } catch (error) {
          why = error instanceof Error ? error.message : String(error);
        }
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      } while (performance.now() - began < withinMs);
      found({ name, kept: false, ms: Math.round(performance.now() - began), withinMs, why });
      return null;
    },
    found,
    untried: (name, why) => void notTried.push({ name, why }),
    all: () => all,
    notTried: () => notTried,
  };
}
