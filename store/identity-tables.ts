/** The tables of people, sessions and tokens, as store/migrations/000002_identity.sql makes them. */
export type IdentityTables = Record<never, never>;
