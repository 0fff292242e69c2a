/** Attacks over the API: what the control plane may do by itself for a site, the record of attacks, and a person's last word on one. */
import { z } from 'zod';
import { Attack, AttackHook, AttackHookShown, AttackNote, AttackRecord, AutomaticAttack } from '../attacks.ts';
import { AttackId, Instant, SiteId } from '../ids.ts';
import { Nothing, PageQuery, pageOf } from './common.ts';
import { route } from './route.ts';

const BySite = z.strictObject({ siteId: SiteId });
const ByAttack = z.strictObject({ attackId: AttackId });

export const getAutomatic = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/automatic',
  summary: 'What may be done by itself when a site is attacked.',
  needs: 'sites:read',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: AutomaticAttack,
  status: 200,
  errors: ['not-found'],
});

export const setAutomatic = route({
  method: 'PATCH',
  path: '/api/v1/sites/{siteId}/automatic',
  summary: 'Changes what is given. `off` ends an attack that is under way.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: AutomaticAttack.partial(),
  answer: AutomaticAttack,
  status: 200,
  errors: ['not-found'],
});

export const listAttacks = route({
  method: 'GET',
  path: '/api/v1/attacks',
  summary: 'Attacks on sites, newest first.',
  needs: 'sites:read',
  params: Nothing,
  query: PageQuery.extend({
    siteId: SiteId.optional(),
    open: z.enum(['true', 'false']).optional(),
    /** Only those that began in this span. */
    from: Instant.optional(),
    until: Instant.optional(),
  }),
  body: Nothing,
  answer: pageOf(Attack),
  status: 200,
  errors: [],
});

export const getAttack = route({
  method: 'GET',
  path: '/api/v1/attacks/{attackId}',
  summary: 'One attack.',
  needs: 'sites:read',
  params: ByAttack,
  query: Nothing,
  body: Nothing,
  answer: Attack,
  status: 200,
  errors: ['not-found'],
});

export const getAttackRecord = route({
  method: 'GET',
  path: '/api/v1/attacks/{attackId}/record',
  summary: 'One attack with what happened in it, its requests over time and by edge, and notes.',
  needs: 'sites:read',
  params: ByAttack,
  query: Nothing,
  body: Nothing,
  answer: AttackRecord,
  status: 200,
  errors: ['not-found'],
});

export const noteAttack = route({
  method: 'POST',
  path: '/api/v1/attacks/{attackId}/notes',
  summary: 'Adds a note to an attack, over or not.',
  needs: 'sites:write',
  params: ByAttack,
  query: Nothing,
  body: z.strictObject({ words: AttackNote }),
  answer: AttackRecord,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

/**
 * `switch-on`: attack mode for one that is only suggested. `widen`: for the whole site instead of a path. `end`: over now; nothing is switched by itself for half an hour.
 * `keep-on`: attack mode stays by hand, until a person turns it off.
 */
export const AttackAct = z.enum(['switch-on', 'widen', 'end', 'keep-on']);
export type AttackAct = z.infer<typeof AttackAct>;

export const actOnAttack = route({
  method: 'POST',
  path: '/api/v1/attacks/{attackId}',
  summary: 'A person’s last word on an attack that is not over.',
  needs: 'sites:write',
  params: ByAttack,
  query: Nothing,
  body: z.strictObject({ act: AttackAct }),
  answer: Attack,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const getAttackHook = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/attack-hook',
  summary: 'Where programs are told of attacks: the host of the address, or null.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: AttackHookShown,
  status: 200,
  errors: ['not-found'],
});

export const setAttackHook = route({
  method: 'PUT',
  path: '/api/v1/sites/{siteId}/attack-hook',
  summary: 'Sets where programs are told of attacks, and makes a new secret, which is in the answer and never shown again.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: AttackHook,
  answer: z.strictObject({ host: z.string(), secret: z.string() }),
  status: 200,
  errors: ['not-found', 'origin-refused'],
});

export const removeAttackHook = route({
  method: 'DELETE',
  path: '/api/v1/sites/{siteId}/attack-hook',
  summary: 'Programs are no longer told.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['not-found'],
});
