/** Whether what the page shows of an entry is what was hashed. */
import diff from 'microdiff';

import type { Schemas } from '../../../api/client';
import { type Bytes, hex, textOf } from './bytes';
import { type Leaf, micros } from './leaf';

/** One member: as the page shows it, and as the hashed bytes have it. */
export interface Member {
  name: string;
  shown: string;
  hashed: string;
  same: boolean;
}

export type Entry = Schemas['AuditLog'];

/** In the body of this event stands what a refused attempt was about. */
const REFUSED = 'user.command_refused.v1';

function json(bytes: Bytes): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? '');
  } catch {
    return undefined;
  }
}

export function compare(entry: Entry, leaf: Leaf, hash: Bytes, metadata: Bytes, payload: Bytes): Member[] {
  const [about, body] = [json(metadata), json(payload)];
  const said = (name: string) => (isObject(about) ? about[name] : undefined);
  const attempted = leaf.type === REFUSED && isObject(body) ? body['target'] : undefined;
  const time = micros(entry.recorded_at);
  return [
    member('Id', entry.id, leaf.event),
    member('Place in the ledger', entry.sequence, leaf.sequence),
    { name: 'Recorded at', shown: entry.recorded_at, hashed: `${leaf.recordedAt} µs since 1970`, same: time === leaf.recordedAt },
    member('Who', entry.actor, leaf.actor),
    member('Event', entry.event_type, leaf.type),
    member('Target', entry.target_id, typeof attempted === 'string' ? attempted : leaf.stream),
    member('Revision', entry.revision, leaf.revision),
    member('Command', entry.action, said('command')),
    member('Reason', entry.reason, said('reason')),
    member('Change request', entry.change_request, said('change_request')),
    member('Caused by', entry.caused_by, said('caused_by')),
    member('Request id', entry.request_id, said('request_id')),
    member('Trace id', entry.trace_id, said('trace_id')),
    {
      name: 'Body',
      shown: JSON.stringify(entry.payload),
      hashed: textOf(payload) ?? 'not UTF-8',
      same: body !== undefined && diff({ body: entry.payload }, { body }).length === 0,
    },
    member('Leaf hash', entry.leaf_hash, hex(hash)),
  ];
}

function member(name: string, shown: unknown, hashed: unknown): Member {
  const text = (value: unknown) => (value === undefined || value === null ? '—' : String(value));
  return { name, shown: text(shown), hashed: text(hashed), same: text(shown) === text(hashed) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
