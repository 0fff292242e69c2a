/** The frame around every screen inside: the rail with the rooms, open alarms, whether the page is live, who one is. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useEffect, useId, useMemo, useState } from 'react';
import { getStatus, listAlarms } from '../../../contract/routes/house.ts';
import { signOut } from '../../../contract/routes/identity.ts';
import { ask, useAct } from '../api/queries.ts';
import { clockTime } from '../format/time.ts';
import { Badge } from '../parts/badge.tsx';
import { AlarmSign } from '../parts/failure.tsx';
import { Notices } from '../parts/notices.tsx';
import { Sentence } from '../parts/sentence.tsx';
import { When } from '../parts/when.tsx';
import { language, say } from '../words/index.ts';
import { useFeed, useFeedState } from './feed.ts';
import { Keyboard, openRooms } from './keyboard.tsx';
import { Mark } from './mark.tsx';
import { MeContext } from './me.ts';
import { keepTheme, keptTheme, themes } from './theme.ts';

const api = getRouteApi('/in');

export function Shell() {
  const { me } = api.useRouteContext();
  const feed = useFeed();
  const open = useMemo(() => openRooms(me.scopes), [me.scopes]);
  const hasStatus = me.scopes.includes('status:read');
  const status = useQuery({ ...ask(getStatus), enabled: hasStatus });

  useEffect(() => {
    if (!hasStatus) return undefined;
    feed.open();
    return () => feed.close();
  }, [feed, hasStatus]);

  const counts = { alarms: status.data?.alarmsOpen ?? 0, orders: status.data?.ordersWaiting ?? 0 };
  return (
    <MeContext value={me}>
      <a className="skip" href="#content">
        {say.skipToContent}
      </a>
      <div className="shell">
        <header className="rail">
          <Link to="/sites" className="brand">
            <Mark />
            {say.product}
          </Link>
          {status.data === undefined ? null : <p className="provider">{status.data.provider}</p>}
          <nav aria-label={say.nav.label}>
            <ul>
              {open
                .filter((room) => room.place === 'rail')
                .map((room) => (
                  <li key={room.room}>
                    <Link to={room.to} activeProps={{ 'aria-current': 'page' }} aria-keyshortcuts={`g ${room.key}`}>
                      {say.nav[room.room]}
                      {room.room === 'alarms' && counts.alarms > 0 ? (
                        <span className="count" data-tone="alarm" title={say.nav.openAlarms(counts.alarms)}>
                          {counts.alarms}
                        </span>
                      ) : null}
                      {room.room === 'orders' && counts.orders > 0 ? (
                        <span className="count" title={say.nav.waitingOrders(counts.orders)}>
                          {counts.orders}
                        </span>
                      ) : null}
                    </Link>
                  </li>
                ))}
            </ul>
          </nav>
          <Foot />
        </header>
        <div className="main">
          <FeedBanner />
          {me.scopes.includes('alarms:read') ? <AlarmBanner /> : null}
          <main id="content" tabIndex={-1}>
            <Outlet />
          </main>
        </div>
      </div>
      <Notices />
      <Keyboard open={open} />
    </MeContext>
  );
}

function Foot() {
  const { me } = api.useRouteContext();
  const state = useFeedState();
  const themeId = useId();
  const [theme, setTheme] = useState(keptTheme);
  const client = useQueryClient();
  const navigate = useNavigate();
  const leave = useAct(signOut);
  const signMeOut = () =>
    leave.mutate(
      {},
      {
        onSettled: () => {
          client.clear();
          void navigate({ to: '/sign-in', search: {} });
        },
      },
    );
  return (
    <div className="rail-foot">
      <p className="feed-state">
        <Badge tone={state.kind === 'live' ? 'good' : state.kind === 'away' ? 'caution' : 'waiting'}>
          {say.feed[state.kind]}
        </Badge>
      </p>
      <div className="theme">
        <label htmlFor={themeId}>{say.theme.label}</label>
        <select
          id={themeId}
          value={theme}
          onChange={(event) => {
            const chosen = themes.find((candidate) => candidate === event.target.value) ?? 'system';
            setTheme(chosen);
            keepTheme(chosen);
          }}
        >
          {themes.map((candidate) => (
            <option key={candidate} value={candidate}>
              {say.theme[candidate]}
            </option>
          ))}
        </select>
      </div>
      <p className="public-link">
        <a href="/">{say.nav.publicPages}</a>
      </p>
      <div className="who">
        <strong>{me.name}</strong>
        <span className="hint roles">{me.roles.map((role) => say.role[role]).join(', ')}</span>
        <div className="acts">
          <Link to="/account" aria-keyshortcuts="g m">
            {say.nav.account}
          </Link>
          <button type="button" className="linklike" onClick={signMeOut}>
            {say.nav.signOut}
          </button>
        </div>
      </div>
    </div>
  );
}

function FeedBanner() {
  const state = useFeedState();
  if (state.kind !== 'away') return null;
  return (
    <div className="banner" data-tone="caution" role="status">
      <AlarmSign />
      <p>{say.feed.awaySince(clockTime(state.sinceMs, language))}</p>
    </div>
  );
}

/** The newest open alarm over every screen; the rest are one link away. */
function AlarmBanner() {
  const alarms = useQuery(ask(listAlarms, { query: { open: 'true', limit: 1 } }));
  const newest = alarms.data?.items[0];
  if (newest === undefined || alarms.data === undefined) return null;
  return (
    <div className="banner" data-tone="alarm" role="status">
      <AlarmSign />
      <p>
        <Sentence text={newest.sentence} /> <When at={newest.at} />
      </p>
      <Link to="/alarms" search={{ state: 'open' }}>
        {say.nav.openAlarms(alarms.data.total)}
      </Link>
    </div>
  );
}
