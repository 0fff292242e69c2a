import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SiteId } from '../../contract/ids.ts';
import type { Form, Origin } from './forms.ts';
import { Forms, keptForMs, usualBounds } from './forms.ts';

const siteId = SiteId.parse('site_000000000001');
const from: Origin = { siteId, host: 'forum.example', network: 'c0000200' };
const form = (body: Buffer, headers: Form['headers'] = []): Form => ({ method: 'POST', target: '/a?b=1', headers, body });

function keep(forms: Forms, body = Buffer.from('a=1'), origin = from): string | null {
  return forms.room(origin, body.byteLength + 1000)?.keep(form(body)) ?? null;
}

it('what is kept comes back as it was, whatever it is, and once', () => {
  const headers = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), headers, (bytes, pairs) => {
      const forms = new Forms(() => 0);
      const given = form(Buffer.from(bytes), pairs);
      const ticket = forms.room(from, 5000)?.keep(given) ?? '';
      const taken = forms.take(ticket, from);
      if (taken.kind !== 'form') throw new Error(taken.kind);
      expect(taken.form).toEqual(given);
      expect(forms.take(ticket, from).kind).toBe('used');
      taken.putBack();
      expect(forms.take(ticket, from).kind).toBe('form');
      taken.sent();
      expect([forms.take(ticket, from).kind, forms.held]).toEqual(['used', { bytes: 0, forms: 1 }]);
    }),
    { numRuns: 50 },
  );
});

it('a reference without its key, with another, at another site or host opens nothing and changes nothing', () => {
  const forms = new Forms(() => 0);
  const ticket = keep(forms) ?? '';
  const other = keep(forms) ?? '';
  const [reference = ''] = ticket.split('.');
  const wrong = [reference, `${reference}.${'0'.repeat(64)}`, `${reference}.${other.split('.')[1] ?? ''}`, '', `${ticket}0`];
  for (const one of wrong) expect(forms.take(one, from).kind).toBe('gone');
  expect(forms.take(ticket, { ...from, siteId: SiteId.parse('site_000000000002') }).kind).toBe('gone');
  expect(forms.take(ticket, { ...from, host: 'other.example' }).kind).toBe('gone');
  expect(forms.take(ticket, { ...from, host: 'FORUM.example' }).kind).toBe('form');
});

it('what is kept is bounded in bytes and in number, for one network, one site and in all, with what is still arriving', () => {
  const small = { bytes: 12_000, bytesPerSite: 8000, bytesPerNetwork: 4500, forms: 8, formsPerNetwork: 3 };
  const forms = new Forms(() => 0, small);
  const body = Buffer.alloc(1500);
  const at = (site: number, network: string): Origin => ({ ...from, siteId: `site_00000000000${site}`, network });
  expect(
    [keep(forms, body, at(1, 'a')), keep(forms, body, at(1, 'a')), keep(forms, body, at(1, 'a'))].map((one) => one !== null),
  ).toEqual([true, true, false]);
  const room = forms.room(at(1, 'b'), 3500);
  expect([room !== null, forms.room(at(1, 'c'), 3500)]).toEqual([true, null]);
  room?.leave();
  expect(forms.room(at(1, 'c'), 3500)).not.toBeNull();
  for (const network of ['d', 'd', 'd', 'd', 'e', 'e', 'e']) keep(forms, Buffer.alloc(0), at(2, network));
  expect(forms.held.forms).toBeLessThanOrEqual(small.forms);
  expect(forms.held.bytes).toBeLessThanOrEqual(small.bytes);
});

it('what is over is forgotten, with the marks of what was sent', () => {
  let nowMs = 0;
  const forms = new Forms(() => nowMs, usualBounds);
  const ticket = keep(forms) ?? '';
  const taken = forms.take(keep(forms) ?? '', from);
  if (taken.kind === 'form') taken.sent();
  nowMs = keptForMs;
  expect([forms.take(ticket, from).kind, forms.held]).toEqual(['gone', { bytes: 0, forms: 0 }]);
  if (taken.kind === 'form') taken.sent();
  expect(forms.held).toEqual({ bytes: 0, forms: 0 });
});
