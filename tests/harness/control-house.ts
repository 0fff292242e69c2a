/**
 * The control plane alone, started as production does but inside the test's process: a free port, its own database, a clock that can be
 * moved, two people who may act, and scripted edges.
 */
import { defaultInsight } from '../../control/insight/config.ts';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { Cidr } from '../../contract/network.ts';
import type { Role } from '../../contract/access.ts';
import { createEnrolmentToken } from '../../contract/routes/edges.ts';
import { addPersonWithToken } from '../../contract/routes/identity.ts';
import type { ControlConfig } from '../../control/config.ts';
import type { DeskConfig } from '../../control/desk/deps.ts';
import { startControl } from '../../control/service.ts';
import type { Control } from '../../control/service.ts';
import type { StoreAddress } from '../../store/open.ts';
import { apiClient } from './api.ts';
import type { Api } from './api.ts';
import { quietDesk } from './desk-deps.ts';
import { removeFolder, temporaryFolder } from './ports.ts';
import { ScriptedEdge } from './scripted-edge.ts';

export type ControlHouse = {
  readonly url: () => string;
  /** Where mail is taken in. */
  readonly mailPort: () => number;
  readonly state: string;
  /** Lines of the log. */
  readonly logged: string[];
  readonly operator: () => Api;
  readonly lead: () => Api;
  /** A new person with these roles, by their token. */
  readonly person: (name: string, roles: Role[]) => Promise<Api>;
  readonly stranger: () => Api;
  /** Moves the clock on. */
  readonly pass: (ms: number) => void;
  readonly now: () => number;
  /** An enrolled and connected edge that holds the head. */
  readonly edge: (name?: string) => Promise<ScriptedEdge>;
  readonly stopControl: () => Promise<void>;
  readonly startControl: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export async function startControlHouse(
  database: StoreAddress,
  over: Partial<Omit<ControlConfig, 'desk'>> & { readonly desk?: Partial<DeskConfig> } = {},
  { leadName = 'Lee Lead', prepare = (_state: string) => {} } = {},
): Promise<ControlHouse> {
  const state = temporaryFolder('control');
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const edges: ScriptedEdge[] = [];
  let control: Control | null = null;
  let leadToken = '';
  let port = 0;

  const running = (): Control => {
    if (control === null) throw new Error('the control plane is stopped');
    return control;
  };
  const operator = () => apiClient(running().url, readFileSync(path.join(state, 'operator.token'), 'utf8').trim());
  const start = async () => {
    control = await startControl(
      {
        state,
        host: '127.0.0.1',
        port,
        publicUrl: null,
        provider: 'Example Shield',
        allowOrigins: [Cidr.parse('127.0.0.0/8')],
        breakGlassSeconds: 3600,
        contact: null,
        certificates: { directory: null, contact: null, binding: null, dnsHook: null },
        localEdge: false,
        captchaListen: null,
        captchaProxies: [],
        recordWitnesses: [],
        database,
        policyKey: null,
        sealKey: null,
        dnsServers: [],
        insight: defaultInsight,
        logLevel: 'debug',
        ...over,
        desk: { ...quietDesk, ...over.desk },
      },
      { log, now, version: 'test', consoleFolder: path.join(state, 'no-console') },
    );
    port = Number(new URL(control.url).port);
  };
  const person = async (name: string, roles: Role[]): Promise<Api> => {
    const { token } = await operator().call(addPersonWithToken, { body: { name, roles } });
    return apiClient(running().url, token);
  };
  try {
    prepare(state);
    await start();
  } catch (error) {
    removeFolder(state);
    throw error;
  }
  leadToken = (await person(leadName, ['lead'])).token ?? '';
  return {
    url: () => running().url,
    mailPort: () => running().mailPort ?? 0,
    state,
    logged,
    operator,
    lead: () => apiClient(running().url, leadToken),
    person,
    stranger: () => apiClient(running().url, null),
    pass: (ms) => void (offsetMs += ms),
    now,
    edge: async (name = 'scripted') => {
      const edge = new ScriptedEdge(running().url);
      edges.push(edge);
      await edge.enrol((await operator().call(createEnrolmentToken, { body: {} })).token, name);
      await edge.connect();
      await edge.holds(1);
      return edge;
    },
    stopControl: async () => {
      await control?.stop();
      control = null;
    },
    startControl: start,
    stop: async () => {
      for (const edge of edges) await edge.disconnect();
      await control?.stop();
      removeFolder(state);
    },
  };
}
