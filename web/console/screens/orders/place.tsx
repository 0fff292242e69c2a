/** Place an order: what, where, why, on what basis, until when; beside it, what visitors will see. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { getStatus } from '../../../../contract/routes/house.ts';
import { listOrders, placeOrder } from '../../../../contract/routes/orders.ts';
import { getSite, listSites } from '../../../../contract/routes/sites.ts';
import type { FieldMistake } from '../../api/client.ts';
import { useAct } from '../../api/queries.ts';
import { fromLocalInput, utcTime } from '../../format/time.ts';
import { Button } from '../../parts/button.tsx';
import { CheckField, Choices, SelectField, TextArea, TextField, WithMistakes } from '../../parts/field.tsx';
import { AlarmSign, Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { ReasonFields } from '../../parts/reasons.tsx';
import { Panel, Screen } from '../../parts/screen.tsx';
import { NotAllowed } from '../../shell/lost.tsx';
import { useCan } from '../../shell/me.ts';
import { orders } from '../../words/en/orders.ts';
import { say } from '../../words/index.ts';
import { useTick } from '../sites/tick.ts';
import { draftFrom, emptyOrder, lengths } from './draft.ts';
import type { TypedOrder } from './draft.ts';
import { Preview } from './preview.tsx';
import { SitePicker } from './site-picker.tsx';

const api = getRouteApi('/in/orders/new');
const words = orders.form;
/** From narrow to broad. */
const ladder = ['notice-on-path', 'challenge', 'rate-limit', 'notice-on-host', 'suspend-captcha-keys'] as const;

export function PlaceOrderScreen() {
  const can = useCan();
  return can('orders:propose') ? <PlaceOrder /> : <NotAllowed />;
}

function PlaceOrder() {
  const { siteId } = api.useSearch();
  const navigate = useNavigate();
  const nowMs = useTick(30_000);
  const [typed, setTyped] = useState<TypedOrder>(() => emptyOrder(siteId ?? ''));
  const [own, setOwn] = useState<readonly FieldMistake[]>([]);
  const place = useAct(placeOrder, [listOrders, listSites, getSite, getStatus]);
  const put = (change: Partial<TypedOrder>) => setTyped((before) => ({ ...before, ...change }));
  const mistakes = [...own, ...(place.error?.fields ?? [])];

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const draft = draftFrom(typed, Date.now(), {
      site: words.siteMissing,
      hostnames: words.hostnamesMissing,
      path: words.pathMissing,
      instant: words.instantMissing,
    });
    setOwn(draft.ok ? [] : draft.mistakes);
    if (!draft.ok) return;
    place.mutate(
      { body: draft.body },
      {
        onSuccess: (order) => {
          notify(typed.breakGlass ? words.placed(order.decision) : words.proposed(order.decision));
          void navigate({ to: '/orders/$orderId', params: { orderId: order.orderId } });
        },
      },
    );
  };

  return (
    <Screen title={words.title} lead={words.lead} trail={<Link to="/orders">{orders.title}</Link>}>
      <form onSubmit={submit} noValidate className="order-form">
        <WithMistakes fields={mistakes}>
          <div className="order-fields">
            <Panel title={words.what}>
              <div className="stack">
                <SitePicker value={typed.siteId} mistakes={mistakes} onPick={(picked) => put({ siteId: picked })} />
                <Choices
                  legend={words.measure}
                  hint={words.measureHint}
                  value={typed.measure}
                  onChoose={(measure) => put({ measure })}
                  choices={ladder.map((value) => ({ value, label: say.measure[value], help: words.measureHelp[value] }))}
                />
                {typed.measure === 'notice-on-path' ? (
                  <TextField
                    label={words.path}
                    hint={words.pathHint}
                    path="path"
                    className="mono"
                    spellCheck={false}
                    value={typed.path}
                    onChange={(event) => put({ path: event.target.value })}
                  />
                ) : null}
                {typed.measure === 'rate-limit' ? (
                  <TextField
                    label={words.rate}
                    path="requestsPer10s"
                    unit={words.rateUnit}
                    inputMode="numeric"
                    value={typed.requestsPer10s}
                    onChange={(event) => put({ requestsPer10s: event.target.value })}
                  />
                ) : null}
                <Choices
                  legend={words.scope}
                  value={typed.scope}
                  onChoose={(scope) => put({ scope })}
                  choices={[
                    { value: 'whole', label: words.scopeWhole, help: words.scopeWholeHelp },
                    { value: 'some', label: words.scopeSome },
                  ]}
                />
                {typed.scope === 'some' ? (
                  <TextArea
                    label={words.hostnames}
                    hint={words.hostnamesHint}
                    path="hostnames"
                    className="mono"
                    spellCheck={false}
                    value={typed.hostnames}
                    onChange={(event) => put({ hostnames: event.target.value })}
                  />
                ) : null}
              </div>
            </Panel>
            <Panel title={words.why}>
              <div className="stack">
                <ReasonFields words={words} typed={typed} put={put} />
                <Choices
                  legend={words.basis}
                  value={typed.basis}
                  onChoose={(basis) => put({ basis })}
                  choices={[
                    { value: 'own-decision', label: words.own, help: words.ownHelp },
                    { value: 'legal-order', label: words.legal, help: words.legalHelp },
                  ]}
                />
                {typed.basis === 'legal-order' ? (
                  <div className="fields">
                    <TextField
                      label={words.authority}
                      hint={words.authorityHint}
                      path="basis.authority"
                      value={typed.authority}
                      onChange={(event) => put({ authority: event.target.value })}
                    />
                    <TextField
                      label={words.reference}
                      path="basis.reference"
                      value={typed.reference}
                      onChange={(event) => put({ reference: event.target.value })}
                    />
                    <TextField
                      label={words.authorityUrl}
                      hint={words.authorityUrlHint}
                      path="basis.authorityUrl"
                      inputMode="url"
                      value={typed.authorityUrl}
                      onChange={(event) => put({ authorityUrl: event.target.value })}
                    />
                  </div>
                ) : null}
              </div>
            </Panel>
            <Panel title={words.time}>
              <Times typed={typed} put={put} />
            </Panel>
            <Panel title={orders.byBreakGlass}>
              <div className="stack">
                <CheckField
                  label={words.breakGlass}
                  hint={words.breakGlassHint}
                  checked={typed.breakGlass}
                  onChange={(event) => put({ breakGlass: event.target.checked, starts: 'now' })}
                />
                {typed.breakGlass ? (
                  <>
                    <div className="note" data-tone="alarm">
                      <p>
                        <AlarmSign /> {words.breakGlassWarning}
                      </p>
                    </div>
                    <TextArea
                      label={words.breakGlassReason}
                      path="breakGlass.reason"
                      wide
                      value={typed.breakGlassReason}
                      onChange={(event) => put({ breakGlassReason: event.target.value })}
                    />
                  </>
                ) : null}
              </div>
            </Panel>
          </div>
        </WithMistakes>
        <div className="order-preview">
          <Panel title={words.preview}>
            <Preview typed={typed} nowMs={nowMs} />
          </Panel>
        </div>
        <div className="save-bar">
          <Failure error={place.error} />
          {own.length > 0 ? (
            <p className="mistake" role="alert">
              {say.failure.fields(own.length)}
            </p>
          ) : null}
          <div className="form-foot">
            <Button kind={typed.breakGlass ? 'danger' : 'primary'} type="submit" busy={place.isPending}>
              {place.isPending ? say.act.working : typed.breakGlass ? words.placeNow : words.propose}
            </Button>
          </div>
        </div>
      </form>
    </Screen>
  );
}

function Times({ typed, put }: { typed: TypedOrder; put: (change: Partial<TypedOrder>) => void }) {
  return (
    <>
      <p className="hint times-help">{words.endsHint}</p>
      <div className="fields">
        <div className="stack">
          <SelectField
            label={words.starts}
            value={typed.starts}
            disabled={typed.breakGlass}
            onChange={(event) => put({ starts: event.target.value === 'exact' ? 'exact' : 'now' })}
          >
            <option value="now">{words.startsNow}</option>
            <option value="exact">{words.startsAt}</option>
          </SelectField>
          {typed.starts === 'exact' ? (
            <InstantField path="startsAt" value={typed.startsLocal} onChange={(startsLocal) => put({ startsLocal })} />
          ) : null}
        </div>
        <div className="stack">
          <SelectField
            label={words.ends}
            path={typed.length === 'exact' ? 'ends' : 'endsAt'}
            value={typed.length}
            onChange={(event) => put({ length: lengths.find((length) => length === event.target.value) ?? '168' })}
          >
            {lengths.map((length) => (
              <option key={length} value={length}>
                {words.lengths[length]}
              </option>
            ))}
          </SelectField>
          {typed.length === 'exact' ? (
            <InstantField path="endsAt" value={typed.endsLocal} onChange={(endsLocal) => put({ endsLocal })} />
          ) : null}
        </div>
      </div>
    </>
  );
}

function InstantField({ path, value, onChange }: { path: string; value: string; onChange: (value: string) => void }) {
  const instant = fromLocalInput(value);
  return (
    <TextField
      label={words.instant}
      {...(instant === null ? {} : { hint: words.inUtc(utcTime(Date.parse(instant))) })}
      path={path}
      type="datetime-local"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
