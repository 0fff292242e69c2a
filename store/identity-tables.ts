/** The tables of people, sessions and tokens, as store/migrations/000002_identity.sql makes them. */
import type { ColumnType } from 'kysely';
import type { AccountId, CredentialId, Instant, PersonId, SessionId, TokenId } from '../contract/ids.ts';

type JsonList = ColumnType<unknown, string, string>;

export type PersonTable = {
  person_id: PersonId;
  name: string;
  name_key: string;
  roles: JsonList;
  account_id: AccountId | null;
  state: 'invited' | 'active' | 'disabled';
  created_at: Instant;
  last_sign_in_at: Instant | null;
};

export type PasskeyTable = {
  credential_id: CredentialId;
  person_id: PersonId;
  external_id: string;
  public_key: string;
  counter: number;
  transports: JsonList;
  label: string;
  synced: boolean;
  created_at: Instant;
  last_used_at: Instant | null;
};

export type PasswordTable = {
  person_id: PersonId;
  hash: string;
  totp_secret: string;
  last_step: number;
  set_at: Instant;
};

export type RecoveryCodeTable = { person_id: PersonId; code_hash: string };

export type SignInMethod = 'link' | 'passkey' | 'password' | 'recovery-code';

export type SessionTable = {
  session_id: SessionId;
  secret_hash: string;
  person_id: PersonId;
  method: SignInMethod;
  created_at: Instant;
  last_used_at: Instant;
  until: Instant;
  agent: string;
  network: string;
};

export type OneTimeLinkTable = {
  code_hash: string;
  purpose: 'setup' | 'invitation';
  person_id: PersonId | null;
  created_at: Instant;
  expires_at: Instant;
  used_at: Instant | null;
};

export type CeremonyTable = {
  ceremony_id: string;
  kind: 'link' | 'sign-in' | 'passkey' | 'password';
  holder: string | null;
  challenge: string | null;
  totp_secret: string | null;
  person_id: PersonId | null;
  name: string | null;
  network: string;
  created_at: Instant;
  expires_at: Instant;
};

export type AttemptTable = { bucket: string; failures: number; last_at: Instant };

export type ApiTokenTable = {
  token_id: TokenId;
  secret_hash: string;
  person_id: PersonId;
  name: string;
  scopes: JsonList;
  created_at: Instant;
  expires_at: Instant | null;
  last_used_at: Instant | null;
  revoked_at: Instant | null;
};

export type IdentityTables = {
  person: PersonTable;
  passkey: PasskeyTable;
  password: PasswordTable;
  recovery_code: RecoveryCodeTable;
  session: SessionTable;
  one_time_link: OneTimeLinkTable;
  ceremony: CeremonyTable;
  attempt: AttemptTable;
  api_token: ApiTokenTable;
};
