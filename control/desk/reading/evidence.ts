/**
 * The artefacts of reports as evidence: addresses, files, days that are named. What is new is captured; what is criminal to hold never is.
 *
 * An artefact is one item in its case however many reports bring it, and every report that brought it is noted as its source.
 */
import type { EvidenceId, Instant, ReportId } from '../../../contract/ids.ts';
import type { Lane } from '../../../contract/desk/words.ts';
import { redactUrl } from '../../../core/desk/redaction.ts';
import { artefactOfFile } from '../../../core/desk/urls.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { askCaptureIn } from '../../../store/desk/captures.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { checkedAmong } from '../../../store/desk/checked-addresses.ts';
import { touchDue } from '../../../store/desk/cases.ts';
import { addEvidenceIn } from '../../../store/desk/evidence.ts';
import { addSourcesIn, hiddenAmong, setFileEvidence, stopCaptures } from '../../../store/desk/reading.ts';
import type { SiteOfName, Unread, UnreadFile } from '../../../store/desk/reading.ts';
import { ensureTaskIn, listTasks } from '../../../store/desk/tasks.ts';
import type { Work } from '../../../store/transact.ts';
import { isHidden } from './extract.ts';
import type { Extract } from './extract.ts';

/** A report with what it holds. */
export type Prepared = {
  readonly report: Unread;
  readonly held: Extract;
  readonly site: SiteOfName | null;
  readonly hostname: string | null;
  readonly keys: readonly string[];
};

const captureDueMs: Readonly<Record<Lane, number>> = { 'life-threat': 60_000, serious: 15 * 60_000, routine: 3_600_000 };
/** A hotline is told the same hour. */
const hotlineDueMs = 3_600_000;

/** Every artefact of every report, once in its case; what is new is captured. Returns the reports that brought something new. */
export async function keepEvidence(
  unit: Work,
  mine: readonly Prepared[],
  inCases: readonly CaseRecord[],
  files: ReadonlyMap<ReportId, UnreadFile[]>,
  at: Instant,
): Promise<ReadonlySet<ReportId>> {
  const { tx } = unit;
  const bringing = new Set<ReportId>();
  const open = mine.filter(({ report }) => !isHidden(report)).flatMap(({ held }) => held.addresses);
  const hidden = await hiddenAmong(tx, [...new Set(open.map(({ hiddenArtefact }) => hiddenArtefact))]);
  const kept = new Map<string, { readonly evidenceId: EvidenceId; readonly dated: Instant | null }>();
  const sources: { evidenceId: EvidenceId; reportId: ReportId }[] = [];
  for (const [index, one] of mine.entries()) {
    const found = inCases[index];
    if (found === undefined) continue;
    const { report, held } = one;
    const base = {
      caseId: found.case_id,
      eventAt: report.happenedAt,
      firstSeenAt: report.receivedAt,
      at,
      addedBy: null,
      why: 'A report brought it.',
      reportId: report.reportId,
    };
    const keep = async (
      artefact: string,
      add: () => Promise<{ evidenceId: EvidenceId; isNew: boolean }>,
    ): Promise<EvidenceId> => {
      const name = `${found.case_id} ${artefact}`;
      const known = kept.get(name);
      // Only an earlier word of when it happened is news; the rest goes in one statement at the end.
      const { happenedAt } = report;
      const isDated = happenedAt !== null && (known === undefined || known.dated === null || happenedAt < known.dated);
      if (known !== undefined && !isDated) {
        sources.push({ evidenceId: known.evidenceId, reportId: report.reportId });
        return known.evidenceId;
      }
      const added = await add();
      kept.set(name, { evidenceId: added.evidenceId, dated: isDated ? happenedAt : (known?.dated ?? null) });
      // Only what is new is told of: who listens must not hear how often the same comes in.
      if (added.isNew) {
        unit.tellAfter({ kind: 'case', caseId: found.case_id });
        bringing.add(report.reportId);
      }
      return added.evidenceId;
    };
    if (isHidden(report)) await refer(unit, found, one, base, keep);
    else {
      for (const address of held.addresses) {
        const never = hidden.has(address.hiddenArtefact);
        await keep(address.artefact, async () => {
          const added = await addEvidenceIn(tx, {
            ...base,
            kind: 'url',
            level: 'A0',
            artefact: address.artefact,
            title: redactUrl(address.canonical).slice(0, 300),
            url: redactUrl(address.typed),
            blob: null,
            sensitive: true,
            captureState: never ? 'never' : 'none',
          });
          if (added.isNew && !never) {
            await askCaptureIn(tx, {
              evidenceId: added.evidenceId,
              url: address.typed,
              urgent: found.lane === 'life-threat',
              at,
              dueAt: instantOf(msOf(at) + captureDueMs[found.lane]),
            });
          }
          return added;
        });
      }
    }
    for (const file of files.get(report.reportId) ?? []) {
      const artefact = artefactOfFile(file.sha256);
      const evidenceId = await keep(artefact, () =>
        addEvidenceIn(tx, {
          ...base,
          kind: 'file',
          level: 'A1',
          artefact,
          // Not its name: people name files after themselves, and no redaction knows a reporter's name by itself.
          title: `A file that a report brought (${file.mediaType})`.slice(0, 200),
          url: null,
          blob: { blobId: file.blobId, sha256: file.sha256, mediaType: file.mediaType, bytes: file.bytes },
          sensitive: true,
          captureState: 'none',
        }),
      );
      await setFileEvidence(tx, file.blobId, evidenceId);
    }
    for (const time of held.times) {
      await keep(`time:${time}`, () =>
        addEvidenceIn(tx, {
          ...base,
          kind: 'text',
          level: 'A0',
          artefact: `time:${time}`,
          title: `A time that a report names: ${time}`,
          url: null,
          blob: null,
          eventAt: null,
          sensitive: false,
          captureState: 'none',
        }),
      );
    }
  }
  await addSourcesIn(tx, sources);
  return bringing;
}

type Keep = (artefact: string, add: () => Promise<{ evidenceId: EvidenceId; isNew: boolean }>) => Promise<EvidenceId>;

/** What is criminal to hold: a hash of each address, and a task that refers the case to a hotline. */
async function refer(
  unit: Work,
  found: CaseRecord,
  { held }: Prepared,
  base: Pick<Parameters<typeof addEvidenceIn>[1], 'caseId' | 'eventAt' | 'firstSeenAt' | 'at' | 'addedBy' | 'why' | 'reportId'>,
  keep: Keep,
): Promise<void> {
  let fresh = false;
  for (const address of held.addresses) {
    await keep(address.hiddenArtefact, async () => {
      const added = await addEvidenceIn(unit.tx, {
        ...base,
        kind: 'url',
        level: 'A0',
        artefact: address.hiddenArtefact,
        title: 'An address that is not kept: only its hash',
        url: null,
        blob: null,
        sha256: address.hiddenArtefact.replace(/^url-sha256:/, ''),
        sensitive: true,
        captureState: 'never',
      });
      fresh ||= added.isNew;
      return added;
    });
  }
  const checked = await checkedAmong(
    unit.tx,
    held.addresses.map(({ hiddenArtefact }) => hiddenArtefact),
  );
  await stopCaptures(
    unit.tx,
    held.addresses.flatMap(({ artefact, hiddenArtefact }) => (checked.has(hiddenArtefact) ? [] : [artefact])),
  );
  // The same address again is referred already.
  if (!fresh && (await listTasks(unit.tx, found.case_id)).some(({ kind }) => kind === 'hotline-referral')) return;
  const { at } = base;
  await ensureTaskIn(unit.tx, {
    caseId: found.case_id,
    kind: 'hotline-referral',
    subject: null,
    dueAt: instantOf(msOf(at) + hotlineDueMs),
    holds: true,
    at,
  });
  await touchDue(unit.tx, found.case_id);
}
