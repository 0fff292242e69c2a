/** Shapes that several routes share: nothing to send, pages of a list, who did something. */
import { z } from 'zod';
import { PersonId } from '../ids.ts';

export const Nothing = z.strictObject({});

/** Pages: `cursor` is opaque and comes from the answer before; a page without `next` is the last. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).optional(),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ items: z.array(item), next: z.string().nullable(), total: z.int().min(0) });
}

export const PersonRef = z.strictObject({ personId: PersonId, name: z.string() });
export type PersonRef = z.infer<typeof PersonRef>;
