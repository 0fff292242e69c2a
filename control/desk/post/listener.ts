/** Takes in mail over SMTP. */
import type { DeskDeps } from '../deps.ts';

/** Null when no address is set. Throws a sentence when the port cannot be had. */
export async function listenForMail(_deps: DeskDeps): Promise<{ readonly port: number; close(): Promise<void> } | null> {
  return null;
}
