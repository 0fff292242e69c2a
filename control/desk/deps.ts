/**
 * What the desk's parts are handed, and the doors between them: who seals, who keeps bytes, who sends, who takes in reports.
 *
 * Each part of the desk lives in a folder of its own and exports one `register…` that adds its routes and returns its jobs; parts meet only
 * through the types here and through the store. Promises are on the types. Made once in control/desk/register.ts.
 */
import type { AuthorityId, BlobId, CaseId, Instant, ReceiptNumber, ReportId, SealedId } from '../../contract/ids.ts';
import type { ReportChannel, ReportClass, ReporterProof, ReporterRole } from '../../contract/desk/words.ts';
import type { Json } from '../../contract/canonical.ts';
import type { Cidr } from '../../contract/network.ts';
import type { Db } from '../../store/open.ts';
import type { Tx, Work } from '../../store/transact.ts';
import type { ControlDeps } from '../deps.ts';

/** A sealed file: the report, case or authority's request whose key encrypts what belongs to it. Shredding the file's key shreds all of it. */
export type SealedFile = ReportId | CaseId | AuthorityId;

export type SealedKind = 'reporter' | 'target' | 'safety' | 'authority' | 'owner';

/** A new file's wrapped key and its first sealed record. */
export type SealedNew = { readonly wrapped: Buffer; readonly sealedId: SealedId; readonly ciphertext: Buffer };

/**
 * Envelope encryption: a data key per file, wrapped with the installation's seal key (control/seal.key or PORTCULLIS_SEAL_KEY).
 * Nothing here checks who may open; the callers do, and they leave the entry in the audit trail.
 */
export type Seal = {
  /** Seals fields under the file's key (made when it has none) and keeps them in the same transaction. */
  keep(tx: Tx, file: SealedFile, kind: SealedKind, fields: Readonly<Record<string, string>>): Promise<SealedId>;
  /** The same for many at once, in few statements; ids in the order of the drafts. Throws Failure `sealed-away` for a shredded file. */
  keepMany(
    tx: Tx,
    drafts: readonly {
      readonly file: SealedFile;
      readonly kind: SealedKind;
      readonly fields: Readonly<Record<string, string>>;
    }[],
  ): Promise<SealedId[]>;
  /** Seals fields of files that are new, each under a key of its own, and stores nothing: whoever calls stores key and record with the file. */
  sealNew(kind: SealedKind, file: SealedFile, fields: Readonly<Record<string, string>>): SealedNew;
  /** Null when the file was shredded or there is no such record. */
  open(db: Db, sealedId: SealedId): Promise<Record<string, string> | null>;
  /** Keeps bytes, encrypted in pieces. */
  keepBlob(
    tx: Tx,
    file: SealedFile,
    mediaType: string,
    bytes: Uint8Array,
  ): Promise<{ blobId: BlobId; sha256: string; bytes: number }>;
  keepBlobs(
    tx: Tx,
    drafts: readonly { readonly file: SealedFile; readonly mediaType: string; readonly bytes: Uint8Array }[],
  ): Promise<{ blobId: BlobId; sha256: string; bytes: number }[]>;
  /** Null when it was shredded or there is none. */
  openBlob(db: Db, blobId: BlobId): Promise<{ mediaType: string; bytes: Uint8Array; sha256: string } | null>;
  /** Deletes the file's key; false when it was shredded already. */
  shred(tx: Tx, file: SealedFile, at: Instant): Promise<boolean>;
  /** A keyed hash that tells the same mailbox or name again without keeping it. */
  mark(text: string): string;
  /** With the installation's own key: what belongs to no file, such as the address of somebody on call. */
  encrypt(text: string): Buffer;
  decrypt(bytes: Buffer): string;
};

export type OutgoingTo =
  | { readonly kind: 'sealed'; readonly sealedId: SealedId; readonly field: 'mail' }
  | { readonly kind: 'address'; readonly address: string };

export type Outgoing = {
  readonly channel: 'mail' | 'webhook' | 'push';
  readonly to: OutgoingTo;
  readonly subject: string;
  /** Plain text. Already redacted: what is written here leaves the house. */
  readonly body: string;
  /** The same key is sent once. */
  readonly dedupe: string;
  readonly urgent: boolean;
  readonly caseId: CaseId | null;
};

/** What leaves the house. Kept in the caller's transaction; a job sends it, again and again with growing pauses, and says so when it cannot. */
export type Outbox = {
  send(unit: Work, message: Outgoing): Promise<void>;
  /** Wakes everybody on call, once for each `dedupe`. `sentence` names no person. */
  wake(unit: Work, page: { readonly dedupe: string; readonly sentence: string; readonly caseId: CaseId | null }): Promise<void>;
  /** Wakes for a case of the fast lane: at once, or, within a minute of the last such page or before `notBefore`, with the next one, which says how many more cases wait. */
  wakeFastLane(
    unit: Work,
    page: { readonly sentence: string; readonly caseId: CaseId; readonly notBefore: Instant },
  ): Promise<void>;
};

export type IncomingFile = { readonly name: string; readonly mediaType: string; readonly bytes: Uint8Array };

/** A report as a door hands it in, already parsed by the door's schema. */
export type Incoming = {
  readonly channel: ReportChannel;
  readonly class: ReportClass;
  readonly fastLane: boolean;
  readonly text: string;
  readonly urls: readonly string[];
  readonly hostname: string | null;
  readonly happenedAt: Instant | null;
  readonly role: ReporterRole;
  readonly contact: {
    readonly name?: string;
    readonly mail?: string;
    readonly phone?: string;
    readonly safeContact?: string;
  } | null;
  readonly proof: ReporterProof;
  readonly forwardConsent: boolean;
  readonly wantsSafetyContact: boolean;
  readonly files: readonly IncomingFile[];
  /** What the machine that sent it told about itself. No personal data. */
  readonly machine: Readonly<Record<string, Json>>;
  /** The message as it came. */
  readonly raw: IncomingFile | null;
};

export type Accepted = {
  readonly reportId: ReportId;
  readonly number: ReceiptNumber;
  readonly receivedAt: Instant;
  readonly leaf: string;
  readonly sha256: string;
  readonly statusUrl: string;
  /** Files that may not be kept (class child-abuse); the door says so and names hotlines. */
  readonly filesRefused: number;
};

/** Takes a report in: durable before it resolves. Many at once share a transaction. Throws Failure `report-refused`, never for the fast lane's words. */
export type Intake = {
  accept(incoming: Incoming): Promise<Accepted>;
  /** Whether so many come in right now that what can wait gives way to taking them in. */
  isFlood(): boolean;
};

export type DeskConfig = {
  /** Where mail is taken in; null: nowhere. */
  readonly mailListen: { readonly host: string; readonly port: number } | null;
  /** The domain of our own addresses, such as abuse@. */
  readonly mailDomain: string;
  /** `smtp:` or `smtps:` URL of the relay; null: mail waits and the console says so. */
  readonly mailRelay: string | null;
  /** Inward networks that captures may reach. For tests and for installations that shield inward sites. */
  readonly allowCaptures: readonly Cidr[];
  /** RFC 3161 authorities; the first that answers is used. Empty: captures carry no outside time. */
  readonly timestampUrls: readonly string[];
  /** PEM file of the roots one of which must vouch for such an authority; null: nobody is asked who does, and captures say so. */
  readonly timestampRootFile: string | null;
  /** Null: no screenshots. */
  readonly chromium: string | null;
  /** Inward networks that webhooks and pushes may call, by `http:` too. Everywhere else only `https:`. */
  readonly allowNotify: readonly Cidr[];
};

export type DeskDeps = ControlDeps & {
  readonly desk: DeskConfig;
  /** Asked instead of the machine's own name servers; empty: those. */
  readonly dnsServers: readonly string[];
  readonly state: string;
  readonly seal: Seal;
  readonly outbox: Outbox;
  readonly intake: Intake;
};
