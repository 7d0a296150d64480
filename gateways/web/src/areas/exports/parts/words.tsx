/** How an export and its doings are said. */
import { Label } from '@patternfly/react-core';
import BanIcon from '@patternfly/react-icons/dist/esm/icons/ban-icon';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import ExclamationTriangleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon';
import PauseCircleIcon from '@patternfly/react-icons/dist/esm/icons/pause-circle-icon';
import type { ReactNode } from 'react';

import { count, word } from '../../../kit/words';
import type { Export, Format, Transport } from '../queries';

export type Kind = Transport['kind'];

export const KINDS: Record<Kind, { title: string; about: string }> = {
  syslog: { title: 'Syslog', about: 'RFC 5424 messages over TCP, with TLS or, where the hub allows it, in the clear.' },
  splunk_hec: { title: 'Splunk HEC', about: "Splunk's HTTP Event Collector, with or without the indexers' acknowledgement." },
  elasticsearch: { title: 'Elasticsearch', about: 'The bulk interface of Elasticsearch or OpenSearch: an index or a data stream.' },
  webhook: { title: 'Webhook', about: 'Signed requests after Standard Webhooks, to a service of your own.' },
  file: { title: 'File', about: "A file on the hub's machine, a message a line, for an agent that picks it up." },
  kafka: { title: 'Kafka', about: 'Records in a topic, acknowledged by every in-sync replica.' },
};

export const FORMATS: Record<Format, string> = { ocsf: 'OCSF', ecs: 'ECS', cef: 'CEF', leef: 'LEEF', json: 'JSON' };

export function kindWord(transport: Transport): string {
  if (transport.kind === 'syslog') return transport.tls ? 'Syslog (TLS)' : 'Syslog (TCP)';
  return KINDS[transport.kind]?.title ?? word(transport.kind);
}

export function addressOf(transport: Transport): string {
  switch (transport.kind) {
    case 'syslog':
      return transport.address;
    case 'file':
      return transport.name;
    case 'kafka':
      return `${transport.brokers} ${transport.topic}`;
    default:
      return transport.url;
  }
}

const STATUS: Record<string, { color: 'green' | 'blue' | 'grey'; icon: ReactNode }> = {
  active: { color: 'green', icon: <CheckCircleIcon /> },
  paused: { color: 'blue', icon: <PauseCircleIcon /> },
};

export function ExportStatus({ status }: { status: string }) {
  const { color, icon } = STATUS[status] ?? { color: 'grey' as const, icon: <BanIcon /> };
  return (
    <Label isCompact color={color} icon={icon}>
      {word(status)}
    </Label>
  );
}

/** Whether it goes well, in a sentence. */
export function verdict(one: Export): { kind: 'well' | 'behind' | 'failing' | 'paused' | 'unknown' | 'deleted'; sentence: string } {
  if (one.status === 'deleted') return { kind: 'deleted', sentence: 'It was deleted: nothing goes out any more.' };
  const behind = one.lag_events ?? 0;
  const wait = `${count(behind)} ${behind === 1 ? 'event waits' : 'events wait'}`;
  if (one.status === 'paused') return { kind: 'paused', sentence: behind > 0 ? `It is paused; ${wait}.` : 'It is paused; nothing waits.' };
  if (one.cursor === null) return { kind: 'unknown', sentence: 'No hub has taken it up yet; that takes a second.' };
  if ((one.failures ?? 0) > 0) {
    return { kind: 'failing', sentence: `The other side does not take it: ${wait}, and the hub tries again by itself.` };
  }
  if (behind > 0) return { kind: 'behind', sentence: `It is catching up: ${wait}.` };
  return { kind: 'well', sentence: 'Everything has gone out.' };
}

/** `94` → `1 min 34 s`. */
export function spell(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 1) return '0 s';
  const parts: [string, number][] = [
    ['d', Math.floor(whole / 86_400)],
    ['h', Math.floor(whole / 3600) % 24],
    ['min', Math.floor(whole / 60) % 60],
    ['s', whole % 60],
  ];
  return parts
    .filter(([, value]) => value > 0)
    .slice(0, 2)
    .map(([unit, value]) => `${value} ${unit}`)
    .join(' ');
}

/** Unknown is not nought. */
export function Known({ value, unit }: { value: number | null; unit?: (value: number) => string }) {
  if (value === null) return <span className="cm-subtle">not known</span>;
  return <span className="cm-exports-number">{unit ? unit(value) : count(value)}</span>;
}

export function Failing({ one }: { one: Export }) {
  if (!one.last_error) return <span className="cm-subtle">none</span>;
  const now = (one.failures ?? 0) > 0;
  return (
    <span className={now ? undefined : 'cm-subtle'}>
      {now && (
        <>
          <ExclamationTriangleIcon aria-hidden /> Now:{' '}
        </>
      )}
      {one.last_error.message}
    </span>
  );
}
