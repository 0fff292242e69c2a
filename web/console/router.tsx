/**
 * Where everything is: each path of the console once, with the search words that it keeps in the URL. Screens load when first opened.
 *
 * Rooms behind the sign-in hang below `/in`, which asks who is calling before it shows anything. A deep link survives signing in.
 */
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { ApiError } from './api/client.ts';
import { meQuery } from './api/queries.ts';
import { Waiting } from './parts/screen.tsx';
import { parseSearch, searchWords, stringifySearch } from './search.ts';
import { FailureOutside, NotFound, NotFoundOutside, RouteFailure } from './shell/lost.tsx';
import { Shell } from './shell/shell.tsx';

const root = createRootRouteWithContext<{ readonly client: QueryClient }>()({
  component: Outlet,
  notFoundComponent: NotFoundOutside,
  errorComponent: FailureOutside,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: searchWords('next'),
  component: lazyRouteComponent(() => import('./screens/entry/sign-in.tsx'), 'SignInScreen'),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: searchWords('code'),
  component: lazyRouteComponent(() => import('./screens/entry/link.tsx'), 'LinkScreen'),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  validateSearch: searchWords('code'),
  component: lazyRouteComponent(() => import('./screens/entry/link.tsx'), 'LinkScreen'),
});

const inside = createRoute({
  getParentRoute: () => root,
  id: 'in',
  beforeLoad: async ({ context, location }) => {
    try {
      return { me: await context.client.ensureQueryData(meQuery) };
    } catch (error) {
      if (error instanceof ApiError && error.code === 'not-signed-in') {
        throw redirect({ to: '/sign-in', search: { next: location.href } });
      }
      throw error;
    }
  },
  component: Shell,
  errorComponent: FailureOutside,
  notFoundComponent: NotFound,
});

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/sites', replace: true });
  },
});

const sites = createRoute({
  getParentRoute: () => inside,
  path: '/sites',
  validateSearch: searchWords('search', 'mode', 'state'),
  component: lazyRouteComponent(() => import('./screens/sites/list.tsx'), 'SitesScreen'),
});

const newSite = createRoute({
  getParentRoute: () => inside,
  path: '/sites/new',
  component: lazyRouteComponent(() => import('./screens/sites/add.tsx'), 'AddSiteScreen'),
});

const site = createRoute({
  getParentRoute: () => inside,
  path: '/sites/$siteId',
  validateSearch: searchWords('tab', 'minutes', 'view', 'measure', 'edge', 'zone', 'of', 'guard', 'path'),
  component: lazyRouteComponent(() => import('./screens/sites/site.tsx'), 'SiteScreen'),
});

const certificates = createRoute({
  getParentRoute: () => inside,
  path: '/certificates',
  validateSearch: searchWords('search', 'source', 'days'),
  component: lazyRouteComponent(() => import('./screens/sites/certificates.tsx'), 'CertificatesScreen'),
});

const captchaKeys = createRoute({
  getParentRoute: () => inside,
  path: '/captcha',
  validateSearch: searchWords('search'),
  component: lazyRouteComponent(() => import('./screens/captcha/list.tsx'), 'CaptchaKeysScreen'),
});

const captchaKey = createRoute({
  getParentRoute: () => inside,
  path: '/captcha/$keyId',
  validateSearch: searchWords('tab', 'minutes', 'view'),
  component: lazyRouteComponent(() => import('./screens/captcha/key.tsx'), 'CaptchaKeyScreen'),
});

const attacks = createRoute({
  getParentRoute: () => inside,
  path: '/attacks',
  component: lazyRouteComponent(() => import('./screens/sites/attacks.tsx'), 'AttacksScreen'),
});

const attack = createRoute({
  getParentRoute: () => inside,
  path: '/attacks/$attackId',
  component: lazyRouteComponent(() => import('./screens/sites/attack.tsx'), 'AttackScreen'),
});

const orders = createRoute({
  getParentRoute: () => inside,
  path: '/orders',
  validateSearch: searchWords('search', 'state', 'measure', 'siteId'),
  component: lazyRouteComponent(() => import('./screens/orders/list.tsx'), 'OrdersScreen'),
});

const newOrder = createRoute({
  getParentRoute: () => inside,
  path: '/orders/new',
  validateSearch: searchWords('siteId'),
  component: lazyRouteComponent(() => import('./screens/orders/place.tsx'), 'PlaceOrderScreen'),
});

const order = createRoute({
  getParentRoute: () => inside,
  path: '/orders/$orderId',
  component: lazyRouteComponent(() => import('./screens/orders/order.tsx'), 'OrderScreen'),
});

const desk = createRoute({
  getParentRoute: () => inside,
  path: '/desk',
  validateSearch: searchWords('search', 'lane', 'state', 'show'),
  component: lazyRouteComponent(() => import('./screens/desk/queue.tsx'), 'QueueScreen'),
});

const deskCase = createRoute({
  getParentRoute: () => inside,
  path: '/desk/cases/$caseId',
  validateSearch: searchWords('evidence', 'days', 'view'),
  component: lazyRouteComponent(() => import('./screens/desk/case.tsx'), 'CaseScreen'),
});

const assess = createRoute({
  getParentRoute: () => inside,
  path: '/desk/cases/$caseId/incidents/$incidentId',
  component: lazyRouteComponent(() => import('./screens/desk/assess.tsx'), 'AssessScreen'),
});

const decide = createRoute({
  getParentRoute: () => inside,
  path: '/desk/cases/$caseId/decide',
  validateSearch: searchWords('kind', 'of'),
  component: lazyRouteComponent(() => import('./screens/desk/decide.tsx'), 'DecideScreen'),
});

const pressure = createRoute({
  getParentRoute: () => inside,
  path: '/desk/cases/$caseId/pressure',
  component: lazyRouteComponent(() => import('./screens/desk/pressure.tsx'), 'PressureScreen'),
});

const onCall = createRoute({
  getParentRoute: () => inside,
  path: '/desk/on-call',
  component: lazyRouteComponent(() => import('./screens/desk/on-call.tsx'), 'OnCallScreen'),
});

const appeals = createRoute({
  getParentRoute: () => inside,
  path: '/desk/appeals',
  validateSearch: searchWords('show', 'appeal'),
  component: lazyRouteComponent(() => import('./screens/desk/appeals.tsx'), 'AppealsScreen'),
});

const criteria = createRoute({
  getParentRoute: () => inside,
  path: '/desk/criteria',
  component: lazyRouteComponent(() => import('./screens/desk/criteria.tsx'), 'CriteriaScreen'),
});

const authority = createRoute({
  getParentRoute: () => inside,
  path: '/desk/authority',
  validateSearch: searchWords('show', 'request'),
  component: lazyRouteComponent(() => import('./screens/desk/authority.tsx'), 'AuthorityScreen'),
});

const wellness = createRoute({
  getParentRoute: () => inside,
  path: '/desk/wellness',
  component: lazyRouteComponent(() => import('./screens/desk/wellness.tsx'), 'WellnessScreen'),
});

const notices = createRoute({
  getParentRoute: () => inside,
  path: '/notices',
  validateSearch: searchWords('notice'),
  component: lazyRouteComponent(() => import('./screens/notices/notices.tsx'), 'NoticesScreen'),
});

const edges = createRoute({
  getParentRoute: () => inside,
  path: '/edges',
  validateSearch: searchWords('search', 'state', 'group'),
  component: lazyRouteComponent(() => import('./screens/edges/edges.tsx'), 'EdgesScreen'),
});

const alarms = createRoute({
  getParentRoute: () => inside,
  path: '/alarms',
  validateSearch: searchWords('search', 'state', 'kind'),
  component: lazyRouteComponent(() => import('./screens/house/alarms.tsx'), 'AlarmsScreen'),
});

const audit = createRoute({
  getParentRoute: () => inside,
  path: '/audit',
  validateSearch: searchWords('search', 'subject'),
  component: lazyRouteComponent(() => import('./screens/house/audit.tsx'), 'AuditScreen'),
});

const people = createRoute({
  getParentRoute: () => inside,
  path: '/people',
  validateSearch: searchWords('search', 'role', 'state', 'tab'),
  component: lazyRouteComponent(() => import('./screens/people/people.tsx'), 'PeopleScreen'),
});

const account = createRoute({
  getParentRoute: () => inside,
  path: '/account',
  validateSearch: searchWords('tab'),
  component: lazyRouteComponent(() => import('./screens/account/account.tsx'), 'AccountScreen'),
});

const tree = root.addChildren([
  signIn,
  setup,
  invitation,
  inside.addChildren([
    ...[home, sites, newSite, site, certificates, captchaKeys, captchaKey, attacks, attack, orders, newOrder, order],
    ...[desk, deskCase, assess, decide, pressure, onCall, appeals, criteria, authority, wellness, notices],
    ...[edges, alarms, audit, people, account],
  ]),
]);

/** Makes the router over a cache. */
export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    basepath: '/console',
    context: { client },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultErrorComponent: RouteFailure,
    defaultPendingComponent: Waiting,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
