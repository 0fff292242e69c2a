/**
 * Load and its cost: wrk for a while against one port, and the CPU time that the proxy's process spent meanwhile.
 *
 * CPU comes from /proc/PID/stat (10 ms ticks, so a 2 s run is known to 1 %). Proxies on CPU 0, load and origin on CPU 1: requests per
 * second depend on both, CPU per request does not; trust the latter.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ticksPerSecond = 100;

export type Request = {
  readonly host: string;
  /** One request for each in turn, instead of 20,000 paths of one host. */
  readonly hosts?: readonly string[];
  readonly method?: 'GET' | 'POST';
  /** Headers beside Host; of a list one is chosen at random for each request. */
  readonly cookies?: readonly string[];
  readonly accept?: string;
  readonly path?: string;
  /** Each body is sent once, in order. */
  readonly bodies?: readonly string[];
};

export type Measured = {
  /** CPU seconds of the proxy for 100,000 requests. */
  readonly cpuPer100k: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers by wrk's own count that were not 2xx or 3xx: expected for refusals, a mistake elsewhere. */
  readonly not2xx: number;
  readonly requests: number;
};

/** CPU seconds that a process (all its threads) has used. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Pins a process with all its threads to one CPU. */
export async function pin(pid: number, cpu: number): Promise<void> {
  await run('taskset', ['-acp', String(cpu), String(pid)]);
}

/** Runs wrk for some seconds. `folder` takes the script. */
export async function load(
  port: number,
  pid: number,
  request: Request,
  seconds: number,
  connections: number,
  folder: string,
): Promise<Measured> {
  const script = `${folder}/load.lua`;
  writeFileSync(script, lua(request, folder));
  const before = cpuSeconds(pid);
  const { stdout } = await run('taskset', [
    '-c',
    '1',
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    `http://127.0.0.1:${port}/`,
  ]);
  const cpu = cpuSeconds(pid) - before;
  const found = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout);
  if (found === null) throw new Error(`wrk said something unexpected: ${stdout}`);
  const [requests = 0, us = 1, p50 = 0, p99 = 0, status = 0, errors = 0] = found.slice(1).map(Number);
  if (errors > 0) throw new Error(`wrk met ${errors} socket errors: ${stdout}`);
  if (requests === 0) throw new Error(`wrk got no answer from port ${port}: ${stdout}`);
  return {
    cpuPer100k: (cpu / requests) * 1e5,
    requestsPerSecond: (requests / us) * 1e6,
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
    not2xx: status,
    requests,
  };
}

/** Headers as a browser sends them; 20,000 different paths, so that nothing is fast only because it was asked before. */
function lua(request: Request, folder: string): string {
  const { host, method = 'GET', accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' } = request;
  const q = (text: string) => JSON.stringify(text);
  writeFileSync(`${folder}/bodies.txt`, (request.bodies ?? []).join('\n'));
  writeFileSync(`${folder}/hosts.txt`, (request.hosts ?? []).join('\n'));
  return `
local headers = {
  ["Host"] = ${q(host)},
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  ["Accept"] = ${q(accept)},
  ["Accept-Language"] = "en-GB,en;q=0.7",
  ["Accept-Encoding"] = "gzip, deflate, br",
  ["Referer"] = ${q(`http://${host}/index`)},
}
local cookies = { ${(request.cookies ?? []).map(q).join(', ')} }
local bodies = {}
for line in io.lines(${q(`${folder}/bodies.txt`)}) do bodies[#bodies + 1] = line end
local hosts = {}
for line in io.lines(${q(`${folder}/hosts.txt`)}) do hosts[#hosts + 1] = line end
local n = 0
local ready = {}
local function build(i)
  if #hosts > 0 then headers["Host"] = hosts[i + 1] end
  if #cookies > 0 then headers["Cookie"] = cookies[i % #cookies + 1] end
  return wrk.format(${q(method)}, ${request.path === undefined ? '"/thread/" .. i .. "?page=" .. (i % 7)' : q(request.path)}, headers)
end
function request()
  n = n + 1
  if #bodies > 0 then
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return wrk.format(${q(method)}, ${q(request.path ?? '/')}, headers, bodies[(n - 1) % #bodies + 1])
  end
  local i = n % (#hosts > 0 and #hosts or 20000)
  local text = ready[i]
  if text == nil then
    text = build(i)
    ready[i] = text
  end
  return text
end
function done(summary, latency)
  local e = summary.errors
  print("RESULT", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout)
end
`
    .replaceAll('print("RESULT", ', 'io.write(string.format("RESULT %d %d %d %d %d %d\\n", ')
    .replace('e.write + e.timeout)', 'e.write + e.timeout))');
}
