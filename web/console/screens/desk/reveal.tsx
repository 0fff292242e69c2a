/**
 * Opens media with a reason: blurred, grey and mute unless one turns that off, with the minutes of the day in sight.
 *
 * The address comes from the server, lives for a minute and is bound to whoever asked. Only kinds that a browser shows without running
 * anything are shown; the rest is for a machine set apart.
 */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getWellness, revealEvidence } from '../../../../contract/routes/desk/evidence.ts';
import type { Case } from '../../../../contract/routes/desk/cases.ts';
import type { Evidence } from '../../../../contract/desk/shapes.ts';
import { whole } from '../../format/number.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { AskReason, Dialog } from '../../parts/dialog.tsx';
import { CheckField } from '../../parts/field.tsx';
import { notify } from '../../parts/notices.tsx';
import { caseWords } from '../../words/en/case.ts';
import { language } from '../../words/index.ts';
import { useExposure } from './exposure.ts';

const words = caseWords.reveal;

type Opened = { readonly url: string; readonly mediaType: string };

export function Reveal({
  held,
  item,
  what,
  onClose,
}: {
  held: Case;
  item: Evidence;
  what: 'file' | 'screenshot';
  onClose: () => void;
}) {
  const wellness = useQuery(ask(getWellness));
  const reveal = useAct(revealEvidence);
  const minutes =
    wellness.data === undefined
      ? null
      : words.today(whole(wellness.data.minutesToday, language), String(wellness.data.dailyCapMinutes));
  if (reveal.data === undefined) {
    return (
      <AskReason
        {...{ title: words.title, label: words.reason, hint: words.reasonHint, action: words.act, kind: 'primary', least: 3 }}
        busy={reveal.isPending}
        failure={reveal.error}
        onClose={onClose}
        onConfirm={(reason) => reveal.mutate({ params: { evidenceId: item.evidenceId }, body: { what, reason } })}
      >
        <p>
          <strong>{item.title}</strong>
        </p>
        <p>{words.lead}</p>
        {minutes === null ? null : <p className="hint">{minutes}</p>}
      </AskReason>
    );
  }
  const leave = () => {
    if (held.grade === 'G3' || held.grade === 'G4') notify(words.debrief);
    onClose();
  };
  if (wellness.data !== undefined && wellness.data.minutesToday >= wellness.data.dailyCapMinutes) {
    return (
      <Dialog title={item.title} onClose={leave}>
        <p className="note" data-tone="caution">
          {words.cap}
        </p>
      </Dialog>
    );
  }
  return (
    <Dialog title={item.title} onClose={leave}>
      <div className="stack">
        <Viewer
          held={held}
          item={item}
          opened={reveal.data}
          mild={wellness.data ?? { blur: true, greyscale: true, mute: true }}
        />
        {minutes === null ? null : <p className="hint">{minutes}</p>}
        <Button onClick={leave}>{words.stop}</Button>
      </div>
    </Dialog>
  );
}

function Viewer({
  held,
  item,
  opened,
  mild,
}: {
  held: Case;
  item: Evidence;
  opened: Opened;
  mild: { blur: boolean; greyscale: boolean; mute: boolean };
}) {
  const [blur, setBlur] = useState(mild.blur);
  const [greyscale, setGreyscale] = useState(mild.greyscale);
  const [mute, setMute] = useState(mild.mute);
  const [failed, setFailed] = useState(false);
  useExposure(item.evidenceId, blur ? 'blurred' : greyscale ? 'greyscale' : 'plain', held.grade, !failed);
  const kind = shownAs(opened.mediaType);
  const src = sameOrigin(opened.url);
  const look = { className: 'revealed', 'data-blur': blur || undefined, 'data-greyscale': greyscale || undefined };
  const onError = () => setFailed(true);
  if (kind === null) {
    return (
      <>
        <p>{words.gone}</p>
        <p>
          <a href={src} download rel="noreferrer">
            {words.download}
          </a>
        </p>
      </>
    );
  }
  return (
    <>
      <div className="reveal-place">
        {failed ? (
          <p>{words.expired}</p>
        ) : kind === 'image' ? (
          <img {...look} src={src} alt={words.shown} onError={onError} />
        ) : kind === 'video' ? (
          <video {...look} src={src} controls muted={mute} preload="metadata" aria-label={words.shown} onError={onError} />
        ) : (
          <audio src={src} controls muted={mute} preload="metadata" aria-label={words.shown} onError={onError} />
        )}
      </div>
      <div className="acts">
        {kind === 'audio' ? null : (
          <>
            <CheckField label={words.blur} checked={blur} onChange={(event) => setBlur(event.target.checked)} />
            <CheckField label={words.greyscale} checked={greyscale} onChange={(event) => setGreyscale(event.target.checked)} />
          </>
        )}
        {kind === 'image' ? null : (
          <CheckField label={words.mute} checked={mute} onChange={(event) => setMute(event.target.checked)} />
        )}
      </div>
    </>
  );
}

/** As what a browser shows it without running anything; null when it should not. */
function shownAs(mediaType: string): 'image' | 'video' | 'audio' | null {
  const [type = '', subtype = ''] = (mediaType.split(';')[0] ?? '').trim().toLowerCase().split('/');
  if (type === 'image') return subtype.startsWith('svg') ? null : 'image';
  return type === 'video' || type === 'audio' ? type : null;
}

/** The server may name itself by its public address; the page is allowed to load from where it came from. */
function sameOrigin(url: string): string {
  const at = new URL(url, location.href);
  return `${at.pathname}${at.search}`;
}
