/** The evidence of a case: text first, media closed. Reading and opening leave a line of custody, so nothing is read by itself. */
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { captureAgain, readEvidence } from '../../../../contract/routes/desk/evidence.ts';
import { getCase } from '../../../../contract/routes/desk/cases.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import type { CaptureState } from '../../../../contract/desk/words.ts';
import type { Evidence } from '../../../../contract/desk/shapes.ts';
import { useAct } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Tone } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel } from '../../parts/screen.tsx';
import { Exactly, When } from '../../parts/when.tsx';
import { bytes } from '../../format/number.ts';
import { withWord } from '../../search.ts';
import { useCan } from '../../shell/me.ts';
import { caseWords } from '../../words/en/case.ts';
import { desk } from '../../words/en/desk.ts';
import { language } from '../../words/index.ts';
import { AddEvidence } from './add-evidence.tsx';
import { AddressChecked, ChangeEvidence, Custody } from './evidence-dialogs.tsx';
import { useExposure } from './exposure.ts';
import { LevelMark } from './parts.tsx';
import { Reveal } from './reveal.tsx';

const words = caseWords.evidence;
const api = getRouteApi('/in/desk/cases/$caseId');
const captureTones: Readonly<Record<CaptureState, Tone>> = {
  none: 'off',
  waiting: 'waiting',
  running: 'waiting',
  captured: 'good',
  gone: 'caution',
  failed: 'caution',
  refused: 'off',
  never: 'off',
  shredded: 'off',
};

export function EvidencePanel({ held }: { held: Case }) {
  const can = useCan();
  const [adding, setAdding] = useState(false);
  return (
    <Panel
      id="evidence"
      title={words.title}
      acts={can('desk:work') && held.closedAt === null ? <Button onClick={() => setAdding(true)}>{words.add}</Button> : null}
    >
      {held.evidence.length === 0 ? <p className="hint">{words.none}</p> : null}
      <ul className="items">
        {held.evidence.map((item) => (
          <EvidenceItem key={item.evidenceId} held={held} item={item} />
        ))}
      </ul>
      {adding ? <AddEvidence held={held} onClose={() => setAdding(false)} /> : null}
    </Panel>
  );
}

/** What could be opened beside the text. */
function mediaOf(item: Evidence): readonly ('file' | 'screenshot')[] {
  if (item.captureState === 'never' || item.captureState === 'shredded') return [];
  const media: ('file' | 'screenshot')[] = [];
  if (item.kind === 'file' && item.mediaType !== null && !item.mediaType.startsWith('text/')) media.push('file');
  if (item.captures.some((capture) => capture.hasScreenshot)) media.push('screenshot');
  return media;
}

function isReadable(item: Evidence): boolean {
  if (item.captureState === 'never' || item.captureState === 'shredded') return false;
  return !(item.kind === 'file' && /^(image|video|audio)\//.test(item.mediaType ?? ''));
}

function EvidenceItem({ held, item }: { held: Case; item: Evidence }) {
  const can = useCan();
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/desk/cases/$caseId' });
  const read = useAct(readEvidence);
  const capture = useAct(captureAgain, [getCase]);
  const [asking, setAsking] = useState<'file' | 'screenshot' | 'custody' | 'change' | 'checked' | null>(null);
  const params = { evidenceId: item.evidenceId };
  const close = () => setAsking(null);
  const open = search.evidence === item.evidenceId;
  const media = mediaOf(item);
  useExposure(item.evidenceId, 'text', held.grade, read.data !== undefined);
  const toggle = () =>
    void navigate({ search: (old) => withWord(old, 'evidence', open ? '' : item.evidenceId), replace: true, resetScroll: false });
  return (
    <li id={item.evidenceId}>
      <p className="item-head">
        <LevelMark level={item.level} /> <strong>{item.title}</strong>
      </p>
      {item.url === null || item.url === item.title ? null : <p className="mono item-url">{item.url}</p>}
      <p className="item-line">
        <span>{desk.evidenceKind[item.kind]}</span>
        <Badge tone={captureTones[item.captureState]}>{desk.capture[item.captureState]}</Badge>
        {item.sensitive ? <Badge tone="caution">{words.sensitive}</Badge> : null}
        <span className="hint">
          {item.eventAt === null ? (
            <>
              {words.seen} <When at={item.firstSeenAt} focusable />
            </>
          ) : (
            <>
              {words.event} <When at={item.eventAt} focusable />
            </>
          )}
        </span>
        {item.holdUntil === null ? null : (
          <span className="hint">
            {words.hold} <When at={item.holdUntil} focusable />
          </span>
        )}
      </p>
      {read.data === undefined ? null : (
        <>
          <pre className="evidence-text" tabIndex={0} aria-label={item.title}>
            {read.data.text}
          </pre>
          {read.data.truncated ? <p className="hint">{words.truncated}</p> : null}
        </>
      )}
      <Failure error={read.error ?? capture.error} />
      <div className="item-acts">
        {isReadable(item) ? (
          <Button
            kind="quiet"
            busy={read.isPending}
            onClick={() => (read.data === undefined ? read.mutate({ params }) : read.reset())}
          >
            {read.data === undefined ? words.read : words.hide}
          </Button>
        ) : null}
        {can('desk:reveal')
          ? media.map((what) => (
              <Button key={what} kind="quiet" onClick={() => setAsking(what)}>
                {what === 'file' ? words.reveal : words.revealScreenshot}
              </Button>
            ))
          : null}
        <Button kind="quiet" aria-expanded={open} onClick={toggle}>
          {words.details}
        </Button>
        <Button kind="quiet" onClick={() => setAsking('custody')}>
          {words.custody}
        </Button>
        {can('desk:work') ? (
          <Button kind="quiet" onClick={() => setAsking('change')}>
            {words.change}
          </Button>
        ) : null}
        {can('desk:lead') && item.kind === 'url' && item.captureState === 'never' ? (
          <Button kind="quiet" onClick={() => setAsking('checked')}>
            {words.checked}
          </Button>
        ) : null}
        {can('desk:work') && item.kind === 'url' && item.captureState !== 'never' ? (
          <Button
            kind="quiet"
            busy={capture.isPending}
            onClick={() => capture.mutate({ params }, { onSuccess: () => notify(words.asked) })}
          >
            {words.capture}
          </Button>
        ) : null}
      </div>
      {open ? <Details item={item} /> : null}
      {asking === 'file' || asking === 'screenshot' ? <Reveal held={held} item={item} what={asking} onClose={close} /> : null}
      {asking === 'custody' ? <Custody item={item} onClose={close} /> : null}
      {asking === 'checked' ? <AddressChecked item={item} onClose={close} /> : null}
      {asking === 'change' ? <ChangeEvidence item={item} onClose={close} /> : null}
    </li>
  );
}

function Details({ item }: { item: Evidence }) {
  return (
    <div className="item-details">
      <Facts
        facts={[
          [words.seen, <Exactly at={item.firstSeenAt} />],
          item.eventAt === null ? null : [words.event, <Exactly at={item.eventAt} />],
          item.mediaType === null
            ? null
            : [words.type, `${item.mediaType}${item.bytes === null ? '' : `, ${bytes(item.bytes, language)}`}`],
          item.sha256 === null ? null : [words.sha, <span className="mono">{item.sha256}</span>],
          item.addedBy === null ? null : [words.addedBy, item.addedBy.name],
          item.holdUntil === null ? null : [words.hold, <Exactly at={item.holdUntil} />],
          item.deleteAfter === null ? null : [words.deletes, <Exactly at={item.deleteAfter} />],
          item.note === null ? null : [words.note, item.note],
        ]}
      />
      {item.captures.length === 0 ? null : <h3>{words.captures}</h3>}
      <ol className="captures">
        {item.captures.map((capture) => (
          <li key={capture.captureId}>
            <Badge tone={captureTones[capture.state]}>{desk.capture[capture.state]}</Badge>{' '}
            {capture.finishedAt === null ? (
              <>
                {words.dueAt} <When at={capture.dueAt} focusable />
              </>
            ) : (
              <When at={capture.finishedAt} focusable />
            )}
            {capture.finding === null ? null : <span className="sub">{capture.finding}</span>}
            <span className="sub">
              {capture.httpStatus === null ? null : `${words.status} ${capture.httpStatus}. `}
              {capture.timestampedAt === null ? null : (
                <>
                  {words.stamped} <Exactly at={capture.timestampedAt} />.
                </>
              )}
            </span>
            {capture.waczSha256 === null ? null : <span className="sub mono item-url">{capture.waczSha256}</span>}
          </li>
        ))}
      </ol>
    </div>
  );
}
