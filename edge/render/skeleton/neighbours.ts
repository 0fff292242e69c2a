/**
 * The tables that count clients, by name: limits read them, and limits across edges write into them.
 */

/** HAProxy's tables of clients: by address, and where a clearance is asked for. */
export const clientTables = ['clients', 'visitors'] as const;
