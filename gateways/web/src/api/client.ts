/** The hub's API, typed by its own document. */
import createClient, { type FetchResponse } from 'openapi-fetch';

import { prefix } from './base';
import { problemOf, unreachable } from './problem';
import type { components, paths } from './schema';
import { accessToken } from './session';

export type Schemas = components['schemas'];

/** Bodies are read once: a request that is sent again is a copy made before. */
async function authorised(request: Request): Promise<Response> {
  const again = request.clone();
  const token = await accessToken();
  const answer = await send(request, token);
  if (answer.status !== 401) return answer;
  return send(again, await accessToken(token));
}

async function send(request: Request, token: string): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set('Authorization', `Bearer ${token}`);
  try {
    return await fetch(new Request(request, { headers }));
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw unreachable();
  }
}

export const api = createClient<paths>({
  baseUrl: new URL(prefix || '/', location.origin).href.replace(/\/$/, ''),
  fetch: authorised,
  // As the document says: `explode: false`, values parted by commas.
  querySerializer: { array: { style: 'form', explode: false } },
});

/** What the read models must have seen: the position of the newest command of this page. */
let seen = 0;

function sawPosition(position: number) {
  seen = Math.max(seen, position);
}

/** For the query of every read that knows it: nobody misses their own change. */
export function fresh(): { min_position?: number } {
  return seen > 0 ? { min_position: seen } : {};
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape that openapi-fetch itself asks for
type Answered<T extends Record<string | number, any>, O, M extends `${string}/${string}`> = Promise<FetchResponse<T, O, M>>;

/** The body of an answer, or its problem thrown. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export async function body<T extends Record<string | number, any>, O, M extends `${string}/${string}`>(
  asked: Answered<T, O, M>,
): Promise<NonNullable<FetchResponse<T, O, M>['data']>> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(error, response);
  return data as NonNullable<typeof data>;
}

/** A page of a list. */
export interface Page<Row> {
  rows: Row[];
  total: number;
  /** Counting stopped there: there may be more. */
  atLeast: boolean;
  /** The cursor of the next page. */
  next: string | undefined;
  /** The ledger position that it tells of. */
  position: number;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export async function page<T extends Record<string | number, any>, O, M extends `${string}/${string}`>(
  asked: Answered<T, O, M>,
): Promise<Page<NonNullable<FetchResponse<T, O, M>['data']> extends (infer Row)[] ? Row : never>> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(error, response);
  const { headers } = response;
  const link = /<([^>]+)>;\s*rel="next"/.exec(headers.get('Link') ?? '')?.[1];
  return {
    rows: data as never,
    total: Number(headers.get('Total-Count') ?? 0),
    atLeast: headers.get('Total-Count-At-Least') === 'true',
    next: link ? (new URL(link, location.origin).searchParams.get('cursor') ?? undefined) : undefined,
    position: Number(headers.get('Ledger-Position') ?? 0),
  };
}

/** What a command left behind. */
export interface Receipt<T> {
  body: T;
  /** Where its event stands in the ledger. */
  position: number;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export async function receipt<T extends Record<string | number, any>, O, M extends `${string}/${string}`>(
  asked: Answered<T, O, M>,
): Promise<Receipt<NonNullable<FetchResponse<T, O, M>['data']>>> {
  const { data, error, response } = await asked;
  if (!response.ok) throw problemOf(error, response);
  const position = Number(response.headers.get('Ledger-Position') ?? 0);
  sawPosition(position);
  return { body: data as NonNullable<typeof data>, position };
}
