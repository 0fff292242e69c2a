/** A provider on a store that somebody else opened, by the store's own time: as the program runs it, and as a guest of the control plane. */
import { databaseClock } from './clock.ts';
import { startProvider } from './program.ts';
import type { Provider, ProviderParts } from './program.ts';

/** Throws as `startProvider` does. What was handed in stays open at the stop. */
export async function startOnStore(parts: Omit<ProviderParts, 'nowMs'>): Promise<Provider> {
  const clock = await databaseClock(parts.store);
  try {
    const provider = await startProvider({ ...parts, nowMs: clock.nowMs });
    return {
      ...provider,
      stop: async () => {
        await provider.stop();
        clock.close();
      },
    };
  } catch (error) {
    clock.close();
    throw error;
  }
}
