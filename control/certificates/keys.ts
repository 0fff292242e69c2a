/**
 * The keys that certificates' private keys and our account's key are sealed with, derived from the installation's seal key.
 *
 * One per edge group, so that an edge opens its group's certificates and no other's; it travels to edges over their stream and is stored nowhere
 * here. The database therefore holds no private key that can be used without the seal key (control/desk/seal.ts), and no backup of it does.
 * Lost with the seal key: certificates of our own must be uploaded again, those of an authority are ordered again.
 */
import { certificateContext, certificatePurpose } from '../../contract/certificates.ts';
import type { CertificateId, GroupName } from '../../contract/ids.ts';
import { keyFor, openBox, sealBox } from '../../kit/sealed-box.ts';

export type CertificateKeys = {
  /** What an edge of the group is sent: 32 bytes, base64. A secret. */
  readonly forEdges: (group: GroupName) => string;
  /** A certificate's private key (PEM) as it stands in policy and database: base64. */
  readonly seal: (group: GroupName, certificateId: CertificateId, key: string) => string;
  readonly sealAccount: (directory: string, key: string) => Buffer;
  /** Throws an Error when the row was changed or moved. */
  readonly openAccount: (directory: string, sealed: Uint8Array) => string;
};

export function certificateKeys(sealKey: Uint8Array): CertificateKeys {
  const own = keyFor('portcullis certificates: accounts', sealKey);
  const ofGroup = (group: GroupName) => keyFor(`portcullis certificates: group ${group}`, sealKey).export();
  return {
    forEdges: (group) => ofGroup(group).toString('base64'),
    seal: (group, certificateId, key) =>
      sealBox(keyFor(certificatePurpose, ofGroup(group)), certificateContext(certificateId), Buffer.from(key)).toString('base64'),
    sealAccount: (directory, key) => sealBox(own, `account at ${directory}`, Buffer.from(key)),
    openAccount(directory, sealed) {
      const opened = openBox(own, `account at ${directory}`, sealed);
      if (opened === null)
        throw new Error(`the sealed key of the account at ${directory} does not open: the row was changed or moved`);
      return opened.toString('utf8');
    },
  };
}
