/** What is left of who reported when a report is withdrawn: nothing that opens. */
import { expect, it } from 'vitest';
import { startReadingHouse } from '../../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import { BlobId } from '../../../contract/ids.ts';
import { forgetReporter } from '../../../store/desk/reports.ts';
import { blankReportsIn } from '../../../store/desk/shredding.ts';
import { transact } from '../../../store/transact.ts';

describeOnBoth('a withdrawn report', ({ fresh }) => {
  it('keeps its words, its files and a mark of the mailbox, and neither its reporter nor the mail that names them', async () => {
    const house = await startReadingHouse(await fresh());
    try {
      const { db } = house.store;
      const { reportId } = await house.send({
        text: 'It is still there.',
        contact: { mail: 'rahel@reporter.example' },
        files: [{ name: 'shot.png', mediaType: 'image/png', bytes: Buffer.from('a picture') }],
        raw: {
          name: 'mail.eml',
          mediaType: 'message/rfc822',
          bytes: Buffer.from('From: rahel@reporter.example\r\n\r\nIt is still there.'),
        },
      });
      const { raw_blob_id: raw } = await db.selectFrom('report').selectAll().executeTakeFirstOrThrow();
      const pieces = (blobId: BlobId) => db.selectFrom('blob_piece').select('n').where('blob_id', '=', blobId).execute();
      expect(await pieces(BlobId.parse(raw))).toHaveLength(1);
      await transact(house.store, ({ tx }) => forgetReporter(tx, reportId));
      expect(await pieces(BlobId.parse(raw))).toHaveLength(0);
      expect(await db.selectFrom('sealed_record').selectAll().execute()).toEqual([]);
      const after = await db.selectFrom('report').selectAll().executeTakeFirstOrThrow();
      expect(after).toMatchObject({ text: 'It is still there.', raw_blob_id: null, reporter_sealed_id: null });
      // Told apart from others by nobody who reads it, and still one witness when the same mailbox reports again (decision 25).
      expect(after.reporter_mark).not.toBeNull();
      await house.send({ text: 'It is there again.', contact: { mail: 'Rahel@reporter.example' } });
      const marks = await db.selectFrom('report').select('reporter_mark').distinct().execute();
      expect(marks).toEqual([{ reporter_mark: after.reporter_mark }]);
      const { blob_id: file } = await db.selectFrom('report_file').selectAll().executeTakeFirstOrThrow();
      expect(await pieces(file)).toHaveLength(1);
      await transact(house.store, ({ tx }) => blankReportsIn(tx, [reportId]));
      const shredded = await db.selectFrom('report').select('reporter_mark').where('report_id', '=', reportId).execute();
      expect(shredded).toEqual([{ reporter_mark: null }]);
    } finally {
      await house.stop();
    }
  });
});
