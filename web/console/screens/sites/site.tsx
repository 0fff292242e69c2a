/** One site: its state, the attack switch, and its tabs (traffic, attacks, settings, rules, certificates, orders, ownership). */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { SiteId } from '../../../../contract/ids.ts';
import { changeSite, getSite, listSites } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Applied } from '../../parts/applied.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { AlarmSign, Failure } from '../../parts/failure.tsx';
import { Hostnames } from '../../parts/hostnames.tsx';
import { Screen, Waiting } from '../../parts/screen.tsx';
import { Tab, Tabs } from '../../parts/tabs.tsx';
import { NotFound } from '../../shell/lost.tsx';
import { useCan } from '../../shell/me.ts';
import { sites } from '../../words/en/sites.ts';
import { say } from '../../words/index.ts';
import { OrdersOfSite } from './orders-tab.tsx';
import { OwnershipTab } from './ownership-tab.tsx';
import { SettingsTab } from './settings-tab.tsx';
import { whyNotReady } from './state.tsx';

const CertificatesTab = lazy(() => import('./certificates-tab.tsx'));
const RulesTab = lazy(() => import('./rules-tab.tsx'));
const AttacksTab = lazy(() => import('./attacks-tab.tsx'));
const TrafficTab = lazy(() => import('./traffic-tab.tsx'));

const api = getRouteApi('/in/sites/$siteId');
const words = sites.site;
const tabs = ['traffic', 'attacks', 'settings', 'rules', 'certificates', 'orders', 'ownership'] as const;

export function SiteScreen() {
  const siteId = SiteId.safeParse(api.useParams().siteId);
  return siteId.success ? <SiteById siteId={siteId.data} /> : <NotFound />;
}

function SiteById({ siteId }: { siteId: SiteId }) {
  const site = useQuery(ask(getSite, { params: { siteId } }));
  const trail = <Link to="/sites">{sites.title}</Link>;
  if (site.data === undefined) {
    return (
      <Screen title={sites.title} trail={trail}>
        {site.error === null ? <Waiting /> : <Failure error={site.error} onRetry={() => void site.refetch()} />}
      </Screen>
    );
  }
  return <SiteView site={site.data} />;
}

function SiteView({ site }: { site: Site }) {
  const can = useCan();
  const search = api.useSearch();
  const tab = tabs.find((candidate) => candidate === search.tab) ?? 'traffic';
  const attack = useAct(changeSite, [getSite, listSites]);
  const on = site.mode === 'attack' || (site.attackId !== undefined && site.attackPath === undefined);
  const toggle = () => attack.mutate({ params: { siteId: site.siteId }, body: { mode: on ? 'off' : 'attack' } });

  return (
    <Screen
      title={site.name}
      trail={<Link to="/sites">{sites.title}</Link>}
      lead={
        <>
          <Hostnames names={site.hostnames} most={4} more={sites.moreNames} />
          <p className="site-states">
            <Badge tone={site.ready ? 'good' : 'caution'}>{site.ready ? sites.state.ready : sites.state.waiting}</Badge>
            <Badge tone={on ? 'caution' : 'off'}>{on ? say.mode.attack : `${say.mode.attack}: ${say.mode.off}`}</Badge>
            <Applied propagation={site.propagation} ready={site.ready} />
          </p>
        </>
      }
      acts={
        <>
          {can('sites:write') ? (
            <Button kind={on ? 'plain' : 'primary'} busy={attack.isPending} onClick={toggle}>
              {on ? words.attackOff : words.attackOn}
            </Button>
          ) : null}
          {can('orders:propose') ? (
            <ButtonLink to="/orders/new" search={{ siteId: site.siteId }} isNew>
              {words.placeOrder}
            </ButtonLink>
          ) : null}
        </>
      }
    >
      <Failure error={attack.error} />
      <StateNotes site={site} />
      <Tabs label={site.name}>
        {tabs.map((name) => (
          <Tab
            key={name}
            to="/sites/$siteId"
            params={{ siteId: site.siteId }}
            search={name === 'traffic' ? {} : { tab: name }}
            current={name === tab}
          >
            {words.tabs[name]}
          </Tab>
        ))}
      </Tabs>
      {tab === 'traffic' ? (
        <Suspense fallback={<Waiting />}>
          <TrafficTab site={site} />
        </Suspense>
      ) : null}
      {tab === 'attacks' ? (
        <Suspense fallback={<Waiting />}>
          <AttacksTab site={site} />
        </Suspense>
      ) : null}
      {tab === 'settings' ? <SettingsTab site={site} /> : null}
      {tab === 'certificates' ? (
        <Suspense fallback={<Waiting />}>
          <CertificatesTab site={site} />
        </Suspense>
      ) : null}
      {tab === 'rules' ? (
        <Suspense fallback={<Waiting />}>
          <RulesTab site={site} />
        </Suspense>
      ) : null}
      {tab === 'orders' ? <OrdersOfSite site={site} /> : null}
      {tab === 'ownership' ? <OwnershipTab site={site} /> : null}
    </Screen>
  );
}

function StateNotes({ site }: { site: Site }) {
  return (
    <>
      {site.ordersInForce.length === 0 ? null : (
        <div className="note state-note" data-tone="alarm">
          <p>
            <AlarmSign /> {words.underOrder(site.ordersInForce.length)}{' '}
            <Link from="/sites/$siteId" to="." search={{ tab: 'orders' }}>
              {words.tabs.orders}
            </Link>
          </p>
        </div>
      )}
      {site.attackId === undefined ? null : (
        <div className="note state-note" data-tone="caution">
          <p>
            {site.attackPath === undefined ? sites.attacks.under : sites.attacks.underPath(site.attackPath)}{' '}
            <Link from="/sites/$siteId" to="." search={{ tab: 'attacks' }}>
              {words.tabs.attacks}
            </Link>
          </p>
        </div>
      )}
      {site.mode === 'attack' || site.attackPaths === undefined ? null : (
        <div className="note state-note" data-tone="caution">
          <p>
            {sites.attacks.paths(site.attackPaths.join(', '))}{' '}
            <Link from="/sites/$siteId" to="." search={{ tab: 'attacks' }}>
              {words.tabs.attacks}
            </Link>
          </p>
        </div>
      )}
      {site.ready ? null : (
        <div className="note state-note" data-tone="caution">
          <p>
            <strong>{words.notReady}.</strong> {whyNotReady(site)}.
          </p>
          <p>
            {site.ownership.state === 'pending' ? (
              <Link from="/sites/$siteId" to="." search={{ tab: 'ownership' }}>
                {words.toOwnership}
              </Link>
            ) : (
              <Link from="/sites/$siteId" to="." search={{ tab: 'settings' }}>
                {words.toSettings}
              </Link>
            )}
          </p>
        </div>
      )}
    </>
  );
}
