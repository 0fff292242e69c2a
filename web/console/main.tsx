/** Starts the console: wires the cache, the live feed and the router together and hands them down. */
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LiveFeed } from './api/live.ts';
import { makeQueryClient } from './api/queries.ts';
import './look/base.css';
import './look/shell.css';
import './look/forms.css';
import './look/parts.css';
import './look/sites.css';
import './look/orders.css';
import './look/house.css';
import { makeRouter } from './router.tsx';
import { FeedContext } from './shell/feed.ts';
import { applyTheme, keptTheme } from './shell/theme.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');

applyTheme(keptTheme());
const client = makeQueryClient(() => leave());
const router = makeRouter(client);
const feed = new LiveFeed(client);

/** The session has ended: forget what it saw, and come back to the same place after signing in. */
function leave(): void {
  const { pathname, href: next } = router.state.location;
  // Several calls are refused at once: the first one leads to the door.
  if (pathname === '/sign-in') return;
  feed.close();
  client.clear();
  void router.navigate({ to: '/sign-in', search: { next } });
}

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <FeedContext value={feed}>
        <RouterProvider router={router} />
      </FeedContext>
    </QueryClientProvider>
  </StrictMode>,
);
