/**
 * What a bench starts, and that nothing of it stays: a folder and programs that end with the work, also when it fails or is interrupted.
 *
 * SIGKILL is not survived: then the programs go on and the folder stays under the system's temporary folder.
 */
import { removeFolder, temporaryFolder } from '../tests/harness/ports.ts';

type Stoppable = { readonly stop: () => Promise<void> };

/** Does the work in a fresh folder; what is given to `keep` is stopped after it, the last one first. Interrupted, the process ends with 130. */
export async function whileRunning<Result>(
  name: string,
  work: (folder: string, keep: <Thing extends Stoppable>(thing: Thing) => Thing) => Promise<Result>,
): Promise<Result> {
  const folder = temporaryFolder(name);
  const running: Stoppable[] = [];
  const clear = async (): Promise<void> => {
    for (const thing of running.splice(0).reverse()) await thing.stop();
    removeFolder(folder);
  };
  const interrupted = () => void clear().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await work(folder, (thing) => {
      running.push(thing);
      return thing;
    });
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await clear();
  }
}
