/**
 * Identity over the API: one-time links (first account, invitations), sign-in, one's own keys and sessions, people, accounts, tokens.
 *
 * A **link** is `<public console>/console/setup?code=…` (`/console/invitation?code=…` for invited people): single use, expiring.
 * Every way to prove who one is runs as a **ceremony**: `begin` hands out a challenge under a ceremony id, the next call answers it
 * within ten minutes, once. Secrets (`totpSecret`, recovery codes, token text, link) appear in exactly one answer and never again.
 * Signing in sets a cookie that scripts cannot read; programs use `Authorization: Bearer pcl_…` instead.
 */
import { z } from 'zod';
import { Role, Scope } from '../access.ts';
import { AccountId, CredentialId, Instant, PersonId, SessionId, TokenId } from '../ids.ts';
import { Nothing, PageQuery, pageOf } from './common.ts';
import { route } from './route.ts';

/** What an API token's text starts with, so that scanners for leaked secrets can know it. */
export const tokenPrefix = 'pcl_';
export const passwordMinLength = 12;

/** A person's name as typed; unique in the installation without regard to case. It is what one signs in with beside a password. */
export const PersonName = z.string().trim().min(1).max(80);
export const Password = z.string().min(passwordMinLength).max(256);
export const TotpCode = z.string().regex(/^\d{6}$/, 'must be six digits');
/** The code in a one-time link. */
export const LinkCode = z.string().min(20).max(100);
export const CeremonyId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{22}$/, 'must be a ceremony id')
  .brand<'CeremonyId'>();
export type CeremonyId = z.infer<typeof CeremonyId>;

/* ---- WebAuthn, as JSON ---------------------------------------------------------------------------------------------------- */

const Base64Url = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(20_000);
const Transport = z.enum(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);
const Descriptor = z.strictObject({
  id: Base64Url,
  type: z.literal('public-key'),
  transports: z.array(Transport).exactOptional(),
});

/** For `startRegistration({ optionsJSON })`. */
export const PasskeyCreation = z.strictObject({
  challenge: Base64Url,
  rp: z.strictObject({ id: z.string(), name: z.string() }),
  user: z.strictObject({ id: Base64Url, name: z.string(), displayName: z.string() }),
  pubKeyCredParams: z.array(z.strictObject({ alg: z.int(), type: z.literal('public-key') })),
  timeout: z.int(),
  attestation: z.literal('none'),
  excludeCredentials: z.array(Descriptor),
  authenticatorSelection: z.strictObject({
    residentKey: z.literal('required'),
    requireResidentKey: z.literal(true),
    userVerification: z.literal('preferred'),
  }),
});
export type PasskeyCreation = z.infer<typeof PasskeyCreation>;

/** For `startAuthentication({ optionsJSON })`: no list of keys, the authenticator offers those that it holds. */
export const PasskeyRequest = z.strictObject({
  challenge: Base64Url,
  rpId: z.string(),
  timeout: z.int(),
  userVerification: z.literal('preferred'),
});
export type PasskeyRequest = z.infer<typeof PasskeyRequest>;

/** What the browser answers to a creation; browsers add members of their own, which are dropped. */
export const CreatedPasskey = z.object({
  id: Base64Url,
  rawId: Base64Url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Base64Url,
    attestationObject: Base64Url,
    transports: z.array(z.string().max(30)).max(20).exactOptional(),
  }),
  clientExtensionResults: z.object({}),
});
export type CreatedPasskey = z.infer<typeof CreatedPasskey>;

/** What the browser answers to a request. */
export const PasskeyProof = z.object({
  id: Base64Url,
  rawId: Base64Url,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: Base64Url,
    authenticatorData: Base64Url,
    signature: Base64Url,
    userHandle: Base64Url.exactOptional(),
  }),
  clientExtensionResults: z.object({}),
});
export type PasskeyProof = z.infer<typeof PasskeyProof>;

/* ---- shapes --------------------------------------------------------------------------------------------------------------- */

export const Passkey = z.strictObject({
  credentialId: CredentialId,
  label: z.string(),
  createdAt: Instant,
  lastUsedAt: Instant.nullable(),
  /** Whether it is copied between devices by its maker's cloud. */
  synced: z.boolean(),
});
export type Passkey = z.infer<typeof Passkey>;

/** `invited`: has a link, no way to sign in yet. `disabled`: cannot sign in; tokens and sessions are dead. */
export const PersonState = z.enum(['invited', 'active', 'disabled']);

export const Person = z.strictObject({
  personId: PersonId,
  name: z.string(),
  roles: z.array(Role),
  /** Set for owners: they see only this account. */
  accountId: AccountId.nullable(),
  state: PersonState,
  createdAt: Instant,
  lastSignInAt: Instant.nullable(),
  passkeys: z.int().min(0),
  hasPassword: z.boolean(),
});
export type Person = z.infer<typeof Person>;

/** The caller. `sessionId` is null for an API token. */
export const Me = z.strictObject({
  personId: PersonId,
  name: z.string(),
  roles: z.array(Role),
  scopes: z.array(Scope),
  accountId: AccountId.nullable(),
  via: z.enum(['session', 'token']),
  sessionId: SessionId.nullable(),
  /** When the session ends whatever happens; null for a token without end. */
  until: Instant.nullable(),
});
export type Me = z.infer<typeof Me>;

/** Person with the recovery codes that were made, shown only in this answer. */
const SignedUp = z.strictObject({ me: Me, recoveryCodes: z.array(z.string()) });

/** A one-time link to be handed to a person by another way; shown only in this answer. */
export const OneTimeLink = z.strictObject({ url: z.string(), expiresAt: Instant });
export type OneTimeLink = z.infer<typeof OneTimeLink>;

export const Ceremony = z.strictObject({ ceremonyId: CeremonyId, expiresAt: Instant });

/** How a new person will prove who they are. */
export const NewProof = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('passkey'), credential: CreatedPasskey, label: z.string().trim().min(1).max(80) }),
  z.strictObject({ kind: z.literal('password'), password: Password, totpCode: TotpCode }),
]);
export type NewProof = z.infer<typeof NewProof>;

/* ---- links: first account and invitations --------------------------------------------------------------------------------- */

export const getSetup = route({
  method: 'GET',
  path: '/api/v1/setup',
  summary: 'Whether the first account is still to be created (with the link that the program printed at its start).',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ open: z.boolean(), provider: z.string() }),
  status: 200,
  errors: [],
});

export const lookAtLink = route({
  method: 'POST',
  path: '/api/v1/links/look',
  summary: 'What a one-time link is for; does not use it up.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ code: LinkCode }),
  answer: z.strictObject({
    purpose: z.enum(['setup', 'invitation']),
    provider: z.string(),
    /** Fixed for an invitation; the person chooses it for the first account. */
    name: z.string().nullable(),
    roles: z.array(Role),
    expiresAt: Instant,
  }),
  status: 200,
  errors: ['link-expired', 'setup-done'],
});

export const beginLink = route({
  method: 'POST',
  path: '/api/v1/links/begin',
  summary: 'Starts to set up a way to sign in: a passkey creation and a TOTP secret, of which one will be used.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ code: LinkCode, name: PersonName.optional() }),
  answer: Ceremony.extend({
    passkey: PasskeyCreation,
    totpSecret: z.string(),
    /** `otpauth://…` for a QR code. */
    totpUri: z.string(),
  }),
  status: 200,
  errors: ['link-expired', 'setup-done', 'name-taken'],
});

export const redeemLink = route({
  method: 'POST',
  path: '/api/v1/links/redeem',
  summary: 'Uses the link up: the person can sign in from now on, and is signed in (cookie).',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ code: LinkCode, ceremonyId: CeremonyId, proof: NewProof }),
  answer: SignedUp,
  status: 201,
  errors: ['link-expired', 'setup-done', 'name-taken', 'bad-sign-in', 'password-refused'],
});

/* ---- sign-in -------------------------------------------------------------------------------------------------------------- */

export const beginPasskeySignIn = route({
  method: 'POST',
  path: '/api/v1/sign-in/passkey/begin',
  summary: 'A challenge for a passkey.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Ceremony.extend({ passkey: PasskeyRequest }),
  status: 200,
  errors: [],
});

export const signInWithPasskey = route({
  method: 'POST',
  path: '/api/v1/sign-in/passkey',
  summary: 'Signs in with a passkey (sets the cookie).',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ ceremonyId: CeremonyId, credential: PasskeyProof }),
  answer: Me,
  status: 200,
  errors: ['bad-sign-in'],
});

export const signInWithPassword = route({
  method: 'POST',
  path: '/api/v1/sign-in/password',
  summary: 'Signs in with name, password and the six digits; one answer for every mistake, so that nothing is revealed.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ name: PersonName, password: z.string().min(1).max(256), totpCode: TotpCode }),
  answer: Me,
  status: 200,
  errors: ['bad-sign-in'],
});

export const signInWithRecoveryCode = route({
  method: 'POST',
  path: '/api/v1/sign-in/recovery',
  summary: 'Signs in with a recovery code, once per code; a person who has a password must give it as well.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ name: PersonName, recoveryCode: z.string().min(8).max(60), password: z.string().max(256).optional() }),
  answer: Me,
  status: 200,
  errors: ['bad-sign-in'],
});

export const signOut = route({
  method: 'POST',
  path: '/api/v1/sign-out',
  summary: 'Ends this session.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: [],
});

/* ---- oneself: changes of keys need a session (not a token) whose sign-in is at most 15 minutes old ------------------------------ */

export const getMe = route({
  method: 'GET',
  path: '/api/v1/me',
  summary: 'Who is calling, with roles and scopes.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Me,
  status: 200,
  errors: [],
});

export const getMyKeys = route({
  method: 'GET',
  path: '/api/v1/me/keys',
  summary: 'The ways in which one can sign in.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ passkeys: z.array(Passkey), hasPassword: z.boolean(), recoveryCodesLeft: z.int().min(0) }),
  status: 200,
  errors: [],
});

export const beginMyPasskey = route({
  method: 'POST',
  path: '/api/v1/me/passkeys/begin',
  summary: 'Starts to add a passkey.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Ceremony.extend({ passkey: PasskeyCreation }),
  status: 200,
  errors: ['sign-in-again'],
});

export const addMyPasskey = route({
  method: 'POST',
  path: '/api/v1/me/passkeys',
  summary: 'Adds a passkey.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ ceremonyId: CeremonyId, credential: CreatedPasskey, label: z.string().trim().min(1).max(80) }),
  answer: Passkey,
  status: 201,
  errors: ['bad-sign-in', 'conflict'],
});

export const removeMyPasskey = route({
  method: 'DELETE',
  path: '/api/v1/me/passkeys/{credentialId}',
  summary: 'Removes a passkey; refused for the last way to sign in.',
  needs: 'signed-in',
  params: z.strictObject({ credentialId: CredentialId }),
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['sign-in-again', 'not-found', 'wrong-state'],
});

export const beginMyPassword = route({
  method: 'POST',
  path: '/api/v1/me/password/begin',
  summary: 'Starts to set or change the password: hands out a new TOTP secret.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Ceremony.extend({ totpSecret: z.string(), totpUri: z.string() }),
  status: 200,
  errors: ['sign-in-again'],
});

export const setMyPassword = route({
  method: 'PUT',
  path: '/api/v1/me/password',
  summary: 'Sets the password and its TOTP secret together; other sessions end.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ ceremonyId: CeremonyId, password: Password, totpCode: TotpCode }),
  answer: Nothing,
  status: 200,
  errors: ['bad-sign-in', 'password-refused'],
});

export const removeMyPassword = route({
  method: 'DELETE',
  path: '/api/v1/me/password',
  summary: 'Removes the password and its TOTP secret; refused for the last way to sign in.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['sign-in-again', 'wrong-state'],
});

export const renewMyRecoveryCodes = route({
  method: 'POST',
  path: '/api/v1/me/recovery-codes',
  summary: 'Makes ten new recovery codes; the old ones are void.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ recoveryCodes: z.array(z.string()) }),
  status: 201,
  errors: ['sign-in-again'],
});

export const Session = z.strictObject({
  sessionId: SessionId,
  current: z.boolean(),
  method: z.enum(['link', 'passkey', 'password', 'recovery-code']),
  createdAt: Instant,
  lastUsedAt: Instant,
  until: Instant,
  /** The browser's own words, cut to 200 characters. */
  agent: z.string(),
  /** Cut to its network: /24 for IPv4, /48 for IPv6. */
  network: z.string(),
});
export type Session = z.infer<typeof Session>;

export const listMySessions = route({
  method: 'GET',
  path: '/api/v1/me/sessions',
  summary: 'Where one is signed in.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(Session) }),
  status: 200,
  errors: [],
});

export const endMySession = route({
  method: 'DELETE',
  path: '/api/v1/me/sessions/{sessionId}',
  summary: 'Ends one session.',
  needs: 'signed-in',
  params: z.strictObject({ sessionId: SessionId }),
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['not-found'],
});

export const endMyOtherSessions = route({
  method: 'DELETE',
  path: '/api/v1/me/sessions',
  summary: 'Ends every session but this one.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ ended: z.int().min(0) }),
  status: 200,
  errors: [],
});

/* ---- people --------------------------------------------------------------------------------------------------------------- */

const ByPerson = z.strictObject({ personId: PersonId });

export const listPeople = route({
  method: 'GET',
  path: '/api/v1/people',
  summary: 'Everybody, by name.',
  needs: 'people:read',
  params: Nothing,
  query: PageQuery.extend({ search: z.string().max(80).optional() }),
  body: Nothing,
  answer: pageOf(Person),
  status: 200,
  errors: [],
});

export const PersonDraft = z.strictObject({
  name: PersonName,
  roles: z.array(Role).min(1).max(7),
  /** Needed for the role `owner`, which stands alone; refused for the others. */
  accountId: AccountId.optional(),
});
export type PersonDraft = z.input<typeof PersonDraft>;

export const invitePerson = route({
  method: 'POST',
  path: '/api/v1/people',
  summary: 'Adds a person and makes the one-time link with which they set up their way to sign in.',
  needs: 'people:write',
  params: Nothing,
  query: Nothing,
  body: PersonDraft,
  answer: z.strictObject({ person: Person, link: OneTimeLink }),
  status: 201,
  errors: ['name-taken', 'not-found', 'wrong-state'],
});

export const renewInvitation = route({
  method: 'POST',
  path: '/api/v1/people/{personId}/invitation',
  summary: 'Makes a new one-time link: for somebody whose link expired or who lost every key. Older links are void.',
  needs: 'people:write',
  params: ByPerson,
  query: Nothing,
  body: Nothing,
  answer: OneTimeLink,
  status: 201,
  errors: ['not-found', 'wrong-state'],
});

export const changePerson = route({
  method: 'PATCH',
  path: '/api/v1/people/{personId}',
  summary: 'Changes roles, or disables and enables; never oneself, and never so that no operator is left.',
  needs: 'people:write',
  params: ByPerson,
  query: Nothing,
  body: z.strictObject({ roles: z.array(Role).min(1).max(7).optional(), disabled: z.boolean().optional() }),
  answer: Person,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const endSessionsOfPerson = route({
  method: 'DELETE',
  path: '/api/v1/people/{personId}/sessions',
  summary: 'Signs a person out everywhere.',
  needs: 'people:write',
  params: ByPerson,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ ended: z.int().min(0) }),
  status: 200,
  errors: ['not-found'],
});

/** For programs and for machines without a browser: a person who acts only through a token. */
export const addPersonWithToken = route({
  method: 'POST',
  path: '/api/v1/people/with-token',
  summary: 'Adds a person who acts through the API only, with a token that is shown once.',
  needs: 'people:write',
  params: Nothing,
  query: Nothing,
  body: PersonDraft.extend({ expiresInDays: z.int().min(1).max(3650).optional() }),
  answer: z.strictObject({ person: Person, token: z.string(), tokenId: TokenId }),
  status: 201,
  errors: ['name-taken', 'not-found', 'wrong-state'],
});

/* ---- accounts (customers) --------------------------------------------------------------------------------------------------- */

export const Account = z.strictObject({
  accountId: AccountId,
  name: z.string(),
  createdAt: Instant,
  people: z.int().min(0),
});
export type Account = z.infer<typeof Account>;

export const listAccounts = route({
  method: 'GET',
  path: '/api/v1/accounts',
  summary: 'Customers, by name.',
  needs: 'people:read',
  params: Nothing,
  query: PageQuery,
  body: Nothing,
  answer: pageOf(Account),
  status: 200,
  errors: [],
});

export const addAccount = route({
  method: 'POST',
  path: '/api/v1/accounts',
  summary: 'Adds a customer with their first site owner, and makes the owner’s one-time link.',
  needs: 'people:write',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ name: z.string().trim().min(1).max(120), ownerName: PersonName }),
  answer: z.strictObject({ account: Account, owner: Person, link: OneTimeLink }),
  status: 201,
  errors: ['name-taken'],
});

/* ---- API tokens --------------------------------------------------------------------------------------------------------------- */

export const Token = z.strictObject({
  tokenId: TokenId,
  personId: PersonId,
  personName: z.string(),
  name: z.string(),
  /** As granted; at use it is cut to what the person’s roles hold then. */
  scopes: z.array(Scope),
  createdAt: Instant,
  expiresAt: Instant.nullable(),
  lastUsedAt: Instant.nullable(),
});
export type Token = z.infer<typeof Token>;

export const listTokens = route({
  method: 'GET',
  path: '/api/v1/tokens',
  summary: 'One’s own live tokens; with `everybody`, those of all people (needs `people:read`).',
  needs: 'signed-in',
  params: Nothing,
  query: z.strictObject({ everybody: z.enum(['true', 'false']).optional() }),
  body: Nothing,
  answer: z.strictObject({ items: z.array(Token) }),
  status: 200,
  errors: [],
});

export const createToken = route({
  method: 'POST',
  path: '/api/v1/tokens',
  summary: 'Makes a token of one’s own with some of one’s scopes; its text is shown only now.',
  needs: 'signed-in',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({
    name: z.string().trim().min(1).max(80),
    scopes: z.array(Scope).min(1).max(Scope.options.length),
    expiresInDays: z.int().min(1).max(3650).default(90),
  }),
  answer: z.strictObject({ token: z.string(), info: Token }),
  status: 201,
  errors: [],
});

export const revokeToken = route({
  method: 'DELETE',
  path: '/api/v1/tokens/{tokenId}',
  summary: 'Revokes a token: one’s own, or with `people:write` anybody’s.',
  needs: 'signed-in',
  params: z.strictObject({ tokenId: TokenId }),
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['not-found'],
});
