/** The one door to the API: what is sent, what comes back, and every way in which it can fail. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { getMe } from '../../../contract/routes/identity.ts';
import { getSite, getTraffic, listSites, removeSite } from '../../../contract/routes/sites.ts';
import { placeOrder } from '../../../contract/routes/orders.ts';
import { addressOf, ApiError, call, mistakesIn } from './client.ts';

const siteId = 'site_0123456789ab';

function answering(body: string, init: ResponseInit = {}) {
  const fetched = vi.fn<typeof fetch>(() => Promise.resolve(new Response(body, init)));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof ApiError)) throw new Error('the call did not fail with an ApiError');
  return error;
}

afterEach(() => vi.unstubAllGlobals());

describe('addresses', () => {
  it('fill in path parameters, escaped, and leave out what is not given', () => {
    expect(addressOf(getSite, { params: { siteId } })).toBe(`/api/v1/sites/${siteId}`);
    expect(addressOf(getSite, { params: { siteId: '../me?x=1' } })).toBe('/api/v1/sites/..%2Fme%3Fx%3D1');
    expect(addressOf(listSites, { query: { search: 'a b&c', cursor: undefined } })).toBe('/api/v1/sites?search=a+b%26c');
    expect(addressOf(getTraffic, { params: { siteId }, query: { minutes: 60 } })).toBe(
      `/api/v1/sites/${siteId}/traffic?minutes=60`,
    );
  });
});

describe('a call', () => {
  it('parses the answer by the route', async () => {
    answering(JSON.stringify({ items: [], next: null, total: 0 }));
    expect(await call(listSites)).toEqual({ items: [], next: null, total: 0 });
  });

  it('sends a body as JSON with every method but GET', async () => {
    const fetched = answering('{}');
    await call(removeSite, { params: { siteId } });
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: 'DELETE', body: '{}', credentials: 'same-origin' });
  });

  it('tells every mistake in a draft without asking the server', async () => {
    const fetched = answering('{}');
    const failure = await failureOf(
      call(placeOrder, {
        body: {
          measure: 'challenge',
          siteId: 'nonsense',
          basis: { kind: 'own-decision' },
          internalReason: '',
          publicReason: 'short',
          endsAt: 'soon',
        },
      }),
    );
    expect(failure.code).toBe('bad-request');
    expect(failure.fields.map((field) => field.path)).toEqual(['siteId', 'internalReason', 'publicReason', 'endsAt']);
    expect(fetched).not.toHaveBeenCalled();
  });

  it('turns a problem into its code, sentence, reference and fields', async () => {
    const problem = {
      type: '/errors/hostname-taken',
      code: 'hostname-taken',
      title: 'Another site has this hostname',
      status: 409,
      detail: '“forum.example” belongs to another site.',
      reference: 'r-1',
      fields: [{ path: 'hostnames.0', message: 'is taken' }],
    };
    answering(JSON.stringify(problem), { status: 409 });
    const failure = await failureOf(call(listSites));
    expect([failure.code, failure.detail, failure.reference]).toEqual(['hostname-taken', problem.detail, 'r-1']);
    expect(failure.fields).toEqual(problem.fields);
  });

  it('says offline when no answer comes, and when something in between answers 502', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('network')));
    expect((await failureOf(call(getMe))).code).toBe('offline');
    answering('<html>Bad gateway</html>', { status: 502 });
    expect((await failureOf(call(getMe))).code).toBe('offline');
  });

  it('says unreadable when the answer is of another version', async () => {
    answering(JSON.stringify({ items: [], next: null, total: 0, new: 'member' }));
    expect((await failureOf(call(listSites))).code).toBe('unreadable');
    answering('not JSON');
    expect((await failureOf(call(getMe))).code).toBe('unreadable');
  });
});

describe('mistakes', () => {
  it('are none for a draft that fits', () => {
    expect(mistakesIn(listSites.query, { search: 'x' })).toEqual([]);
  });
});
