/**
 * Answers that are kept for a moment: many who ask the same at once make one question.
 *
 * Keeps at most `most` answers; the oldest goes first. A question that failed is not kept. Hazard: an answer may be `keepMs` old.
 */
/** `nowMs` is any clock that does not go back. */
export function briefCache<Value>(
  keepMs: number,
  most: number,
  nowMs: () => number,
): (key: string, ask: () => Promise<Value>) => Promise<Value> {
  const kept = new Map<string, { readonly atMs: number; readonly answer: Promise<Value> }>();
  return (key, ask) => {
    const found = kept.get(key);
    if (found !== undefined && nowMs() - found.atMs < keepMs) return found.answer;
    const answer = ask();
    kept.delete(key);
    kept.set(key, { atMs: nowMs(), answer });
    answer.catch(() => {
      if (kept.get(key)?.answer === answer) kept.delete(key);
    });
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    return answer;
  };
}
