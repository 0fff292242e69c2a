/**
 * Prints the OpenAPI 3.1 document from the routes that are served, so that it cannot say anything else than they do.
 *
 * Schemas are JSON Schema 2020-12 of the zod schemas, bodies as input and answers as output. What JSON Schema cannot say (refinements such as
 * hostnames) is left open there and checked by the server.
 */
import { z } from 'zod';
import { errorTable, Problem } from '../../contract/errors.ts';
import { commonErrors, signedInErrors } from '../../contract/routes/route.ts';
import type { Route } from '../../contract/routes/route.ts';

type JsonValue = unknown;

/** The document as a JSON value. `server` is the base address without a trailing slash. */
export function openApiDocument(routes: readonly Route[], about: { version: string; server: string }): JsonValue {
  const paths: Record<string, Record<string, JsonValue>> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operation(route);
    paths[route.path] = operations;
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: { title: 'Portcullis', version: about.version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: about.server }],
    paths,
    components: {
      schemas: { Problem: jsonSchema(Problem, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'portcullis_session' },
      },
    },
  };
}

function operation(route: Route): JsonValue {
  const named = route.path.split('/').filter((part) => part !== '' && !part.startsWith('{'));
  const codes = new Set([...commonErrors, ...(route.needs === 'nobody' ? [] : signedInErrors), ...route.errors]);
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const { status, title } = errorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${title}`]);
  }
  const body = jsonSchema(route.body, 'input');
  const hasBody = route.method !== 'GET' && Object.keys(propertiesOf(body)).length > 0;
  return {
    operationId: `${route.method.toLowerCase()}-${named.slice(2).join('-')}${route.path.endsWith('}') ? '-one' : ''}`,
    summary: route.summary,
    ...(route.needs === 'nobody' ? { security: [] } : { security: [{ token: [] }, { session: [] }], 'x-needs': route.needs }),
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(hasBody ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } } : {}),
    responses: {
      [route.status]: { description: 'Done.', content: { 'application/json': { schema: jsonSchema(route.answer, 'output') } } },
      ...Object.fromEntries(
        [...byStatus].map(([status, titles]) => [
          status,
          {
            description: titles.join('; '),
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        ]),
      ),
    },
  };
}

function parameters(schema: z.ZodType, place: 'path' | 'query'): JsonValue[] {
  const json = jsonSchema(schema, 'input');
  const required = 'required' in json && Array.isArray(json.required) ? json.required : [];
  return Object.entries(propertiesOf(json)).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function propertiesOf(schema: object): Record<string, unknown> {
  return 'properties' in schema && typeof schema.properties === 'object' && schema.properties !== null
    ? { ...schema.properties }
    : {};
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return rest;
}
