import { expect, it } from 'vitest';

import { type Draft, EMPTY, wanted } from './draft';
import { breaches, isHostAndPort, isService, isSigningKey, stepOf } from './rules';

const draft = (part: Partial<Draft>): Draft => ({ ...EMPTY, name: 'siem', ...part });
const broken = (part: Partial<Draft>) => Object.keys(breaches(draft(part), 'where'));
const url = 'https://siem.example:8088';

it('knows the rules of syslog', () => {
  expect(broken({ kind: 'syslog', address: '' })).toEqual(['/transport/address']);
  expect(broken({ kind: 'syslog', address: 'siem.example' })).toEqual(['/transport/address']);
  expect(broken({ kind: 'syslog', address: 'siem.example:6514', ca: 'no certificate' })).toEqual(['/transport/tls/ca']);
  // Without TLS nobody asks for what was typed of it.
  expect(broken({ kind: 'syslog', address: 'siem.example:6514', ca: 'no certificate', tls: false })).toEqual([]);
});

it('knows the rules of Splunk', () => {
  expect(broken({ kind: 'splunk_hec', url })).toEqual(['/credentials/token']);
  expect(broken({ kind: 'splunk_hec', url: 'http://siem.example', token: 't' })).toEqual(['/transport/url']);
  expect(broken({ kind: 'splunk_hec', url, token: 't', index: '_internal' })).toEqual(['/transport/index']);
  expect(broken({ kind: 'splunk_hec', url, token: 't', index: 'main' })).toEqual([]);
});

it('knows the rules of Elasticsearch', () => {
  expect(broken({ kind: 'elasticsearch', url, index: 'Logs' })).toEqual(['/transport/index']);
  expect(broken({ kind: 'elasticsearch', url, index: '.hidden' })).toEqual(['/transport/index']);
  expect(broken({ kind: 'elasticsearch', url, index: 'logs-a.b' })).toEqual([]);
  expect(broken({ kind: 'elasticsearch', url, index: 'logs', signIn: 'password', username: 'a' })).toEqual(['/credentials/password']);
  expect(breaches(draft({ kind: 'elasticsearch', format: 'cef' }), 'what')).toHaveProperty('/format');
});

it('knows the rules of webhooks', () => {
  expect(broken({ kind: 'webhook', url: 'https://user:secret@siem.example', signingKey: `whsec_${'A'.repeat(32)}` })).toEqual(['/transport/url']);
  expect(broken({ kind: 'webhook', url, signingKey: 'short' })).toEqual(['/credentials/signing_key']);
  expect(isSigningKey(`whsec_${'A'.repeat(32)}`)).toBe(true);
  expect(isSigningKey('A'.repeat(28))).toBe(false);
});

it('knows the rules of files', () => {
  expect(broken({ kind: 'file', file: '../x', mebibytes: '0', keep: '10001' })).toEqual(['/transport/name', '/transport/max_bytes', '/transport/keep']);
  expect(wanted(draft({ kind: 'file', file: 'a.log' })).transport).toEqual({ kind: 'file', name: 'a.log', max_bytes: 104_857_600, keep: 10 });
});

it('knows the rules of Kafka', () => {
  const kafka = { kind: 'kafka', brokers: 'a:9092, b:9092', topic: 'audit' } as const;
  expect(broken(kafka)).toEqual([]);
  expect(broken({ ...kafka, brokers: 'a:9092,b' })).toEqual(['/transport/brokers']);
  expect(broken({ ...kafka, topic: '..' })).toEqual(['/transport/topic']);
  expect(broken({ ...kafka, sasl: 'PLAIN', tls: false, username: 'u', password: 'p' })).toEqual(['/transport/sasl']);
  expect(broken({ ...kafka, sasl: 'SCRAM-SHA-512' })).toEqual(['/credentials/username', '/credentials/password']);
  expect(wanted(draft({ ...kafka, serverName: 'x' })).transport).toEqual({ kind: 'kafka', brokers: 'a:9092,b:9092', topic: 'audit', tls: {} });
});

it('knows what goes out', () => {
  expect(Object.keys(breaches(draft({ actions: 'cluster.*, user.change', targets: 'cluster' }), 'what'))).toEqual([]);
  expect(Object.keys(breaches(draft({ actions: 'cluster', targets: 'a b-c', start: 'position', position: '0' }), 'what'))).toEqual(['/filter/actions', '/filter/target_types', '/starts_at']);
});

it('sends the secrets of the chosen transport and no others', () => {
  const typed = { token: 't', username: 'u', password: 'p', signingKey: 'k' };
  expect(wanted(draft({ ...typed, kind: 'syslog' }))).not.toHaveProperty('credentials');
  expect(wanted(draft({ ...typed, kind: 'splunk_hec' })).credentials).toEqual({ token: 't' });
  expect(wanted(draft({ ...typed, kind: 'elasticsearch', signIn: 'none' }))).not.toHaveProperty('credentials');
});

it('reads addresses as the hub does', () => {
  expect(['a:1', '[2001:db8::1]:6514', '10.0.0.1:65535'].filter(isHostAndPort)).toHaveLength(3);
  expect(['a', 'a:0', 'a:65536', '-a:1', 'a b:1', '2001:db8::1', '[x]:1'].filter(isHostAndPort)).toEqual([]);
  expect(['https://a', 'https://[2001:db8::1]:8088/in', 'http://localhost:1/x'].filter(isService)).toHaveLength(3);
  expect(['http://a', 'https://', 'https://a?x=1', 'https://a#x', 'ftp://a', 'https://a:0', 'https://a b'].filter(isService)).toEqual([]);
});

it('finds the step of a field', () => {
  expect(['/name', '/transport/tls/ca', '/credentials', '/format', '/starts_at', '/other', null].map(stepOf)).toEqual(['where', 'where', 'where', 'what', 'what', undefined, undefined]);
});
