/** XARF as its writers send it, and as nobody should. The samples are ours, after the public schemas of v4 and v3. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReportClass } from '../../contract/desk/words.ts';
import { parseXarf } from './xarf.ts';

const someone = { org: 'Watch of Example', contact: 'desk@watch.example', domain: 'watch.example' };
const fourth = {
  xarf_version: '4.2.0',
  report_id: '00000000-0000-4000-8000-000000000001',
  timestamp: '2026-01-11T15:15:24Z',
  reporter: someone,
  sender: someone,
  source_identifier: '192.0.2.45',
  category: 'content',
  type: 'phishing',
  url: 'https://bank.example.net/login',
  domain: 'bank.example.net',
  description: 'A page that pretends to be a bank.',
  confidence: 0.9,
  evidence: [{ content_type: 'image/png', description: 'the page', payload: 'iVBORw0KGgo=', hash: 'sha256:00' }],
  tags: ['target:banking'],
  _internal: { analyst: 'nobody@watch.example' },
};
const third = {
  Version: '3.0.0',
  ReporterInfo: {
    ReporterOrg: 'Watch of Example',
    ReporterOrgEmail: 'desk@watch.example',
    ReporterContactName: 'Wanda Watch',
    ReporterContactEmail: 'wanda@watch.example',
    ReporterContactPhone: '+1 555 0100',
  },
  Disclosure: true,
  Report: {
    ReportClass: 'Content',
    ReportType: 'Malware',
    Date: '2026-02-05T14:17:10Z',
    SourceIp: '192.0.2.55',
    SourceUrl: 'http://files.example.org/setup.exe',
    Samples: [{ ContentType: 'text/plain', Base64Encoded: false, Description: 'log', Payload: 'plain words' }],
  },
};

describe('XARF', () => {
  it('v4 says kind, address, time, evidence; who sent it comes out apart', () => {
    const report = parseXarf(fourth);
    expect(report).toMatchObject({
      channel: 'xarf4',
      class: 'phishing',
      urls: ['https://bank.example.net/login'],
      hostname: 'bank.example.net',
      happenedAt: '2026-01-11T15:15:24.000Z',
      contact: { name: 'Watch of Example', mail: 'desk@watch.example' },
      forwardConsent: false,
      files: [{ name: 'the page', mediaType: 'image/png', payload: 'iVBORw0KGgo=', encoding: 'base64' }],
    });
    expect(report?.text).toMatch(/^A page that pretends to be a bank\.\n\n.*confidence: 0\.9/s);
    expect(JSON.stringify([report?.machine, report?.text])).not.toMatch(/watch\.example|Watch of Example|iVBORw/);
    expect(report?.machine).toMatchObject({ tags: ['target:banking'], evidence: [{ hash: 'sha256:00' }] });
  });

  it('v3 says the same in its own words, and whether it may be passed on', () => {
    const report = parseXarf(third);
    expect(report).toMatchObject({
      channel: 'xarf3',
      class: 'malware',
      urls: ['http://files.example.org/setup.exe'],
      happenedAt: '2026-02-05T14:17:10.000Z',
      contact: { name: 'Wanda Watch', mail: 'wanda@watch.example', phone: '+1 555 0100' },
      forwardConsent: true,
      files: [{ name: 'log', payload: 'plain words', encoding: 'text' }],
    });
    expect(JSON.stringify([report?.machine, report?.text])).not.toMatch(/wanda/i);
  });

  it('v3 in other spellings is v3', () => {
    const sent = {
      Report: { reportclass: 'Activity', reporttype: 'Login-Attack', Source: { IP: '192.0.2.9', Type: 'ip' } },
      reporterinfo: { reporterorgemail: 'desk@watch.example' },
    };
    expect(parseXarf(sent)).toMatchObject({ class: 'attack', contact: { mail: 'desk@watch.example' } });
  });

  it.each([
    ['csam', 'child-abuse'],
    ['ncii', 'intimate-images'],
    ['DDoS', 'attack'],
    ['bulk_messaging', 'spam'],
    ['harassment', 'harassment'],
    ['doxxing', 'doxxing'],
    ['threat', 'threat-to-life'],
    ['moon_phase', 'other'],
    ['__proto__', 'other'],
    ['constructor', 'other'],
    ['', 'other'],
  ])('the kind “%s” is %s', (type, wanted) => {
    expect(parseXarf({ ...fourth, type })?.class).toBe(wanted);
  });

  it('what is no XARF is told apart from XARF that lacks something', () => {
    for (const no of [null, 4, 'x', [], {}, { xarf_version: '5.0.0' }, { Report: 'x' }, { Report: { a: 1 } }]) {
      expect(parseXarf(no)).toBeNull();
    }
    expect(parseXarf({ xarf_version: '4' })).toMatchObject({
      class: 'other',
      urls: [],
      files: [],
      contact: null,
      happenedAt: null,
    });
  });

  it('never fails, and never lets its sender into what the desk reads, whatever it is sent', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.string(), (junk, type) => {
        const sent = { ...fourth, type, extra: junk, evidence: junk, timestamp: junk, url: junk };
        const report = parseXarf(sent);
        expect(ReportClass.safeParse(report?.class).success).toBe(true);
        expect(JSON.stringify([report?.machine, report?.text])).not.toContain('desk@watch.example');
        expect(parseXarf({ Report: { ReportType: `x${type}`, Samples: junk, Source: junk, Date: junk } })).not.toBeNull();
        parseXarf(junk);
      }),
      { numRuns: 300 },
    );
  });

  it('goes no deeper and no longer than it says', () => {
    let deep: unknown = 'https://deep.example/';
    for (let n = 0; n < 5000; n += 1) deep = { a: deep };
    const report = parseXarf({
      ...fourth,
      deep,
      long: 'x'.repeat(10 ** 6),
      many: Array.from({ length: 10_000 }, (_u, n) => `https://a.example/${n}`),
    });
    expect(report?.urls.length).toBe(250);
    expect(report?.text.length).toBeLessThanOrEqual(20_000);
    expect(JSON.stringify(report?.machine).length).toBeLessThan(100_000);
  });
});
