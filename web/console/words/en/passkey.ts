/** English words for a device that gave no passkey. */
import type { PasskeyRefusal } from '../../screens/entry/passkey.ts';

export const passkeyWords: Readonly<Record<PasskeyRefusal, string>> = {
  closed:
    'Your device did not confirm: the window was closed or the time ran out. Nothing was changed; try again when you are ready.',
  'known-already': 'This device holds a passkey for this account already. Use that one, or another device.',
  'not-here':
    'This browser could not use a passkey at this address. Passkeys need https, or localhost on the same machine. Use a password, or another browser.',
};
