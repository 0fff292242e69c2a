/** The addresses that a control plane says it answers with GET, from its own OpenAPI document. */
import { z } from 'zod';

const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

export async function openapiPaths(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/api/v1/openapi.json`);
  const { paths } = Document.parse(await answer.json());
  return Object.entries(paths).flatMap(([path, methods]) => ('get' in methods ? [path] : []));
}
