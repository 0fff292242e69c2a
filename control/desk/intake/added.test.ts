import { expect, it } from 'vitest';
import { hashOf } from '../../identity/secrets.ts';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { findReportByStatus } from '../../../store/desk/reports.ts';
import { transact } from '../../../store/transact.ts';
import { addMaterialIn } from './added.ts';

describeOnBoth('what is added to a report', ({ fresh }) => {
  it('are a thousand addresses in all; more are refused in a sentence, and nothing of them is kept', async () => {
    const house = await startReadingHouse(await fresh());
    try {
      const { statusUrl } = await house.send({ text: 'many' });
      const statusHash = hashOf(statusUrl.split('/').at(-1) ?? '');
      const add = (from: number) =>
        transact(house.store, async (unit) => {
          const report = await findReportByStatus(unit.tx, statusHash, 'lock');
          if (report === null) throw new Error('no report');
          const urls = Array.from({ length: 250 }, (_unused, n) => `https://forum.example/t/${from + n}`);
          const never = () => Promise.reject(new Error('no files here'));
          const seal = {
            keepBlobs: never,
            keepMany: never,
            keep: never,
            keepBlob: never,
            openBlob: never,
            open: never,
            shred: never,
          };
          const sealNew = () => {
            throw new Error('nothing is sealed here');
          };
          const codec = { mark: () => '', encrypt: () => Buffer.alloc(0), decrypt: () => '' };
          const at = report.received_at;
          await addMaterialIn({ seal: { ...seal, sealNew, ...codec } }, unit, report, { text: '', urls, files: [], at });
        });
      for (const from of [0, 250, 500, 750]) await add(from);
      await expect(add(1000)).rejects.toThrow('at most 1000 addresses');
      expect((await findReportByStatus(house.store.db, statusHash))?.urls).toHaveLength(1000);
    } finally {
      await house.stop();
    }
  });
});
