/** Where to: the transport, its fields, and what it signs in with. */
import { Checkbox, FormGroup, FormSection, Radio } from '@patternfly/react-core';

import { type Kind, KINDS } from '../parts/words';
import type { Draft } from './draft';
import { Help, type StepProps, Text } from './parts';
import { fieldId } from './rules';

export function Where(props: StepProps) {
  const { draft, change, errors } = props;
  return (
    <>
      <Text {...props} member="name" pointer="/name" label="Name" required placeholder="siem" hint="A DNS label, unique among the exports." />
      <FormGroup role="radiogroup" label="Transport" fieldId={fieldId('/transport')}>
        <div className="cm-exports-kinds">
          {(Object.keys(KINDS) as Kind[]).map((kind) => (
            <Radio
              key={kind}
              id={`${fieldId('/transport')}-${kind}`}
              name="cm-export-kind"
              label={KINDS[kind].title}
              description={KINDS[kind].about}
              isChecked={draft.kind === kind}
              onChange={() => change({ kind })}
            />
          ))}
        </div>
        <Help id={fieldId('/transport')} error={errors['/transport'] ?? errors['/transport/kind']} />
      </FormGroup>
      <FormSection title={KINDS[draft.kind].title} titleElement="h3">
        <Reach {...props} />
        <Tls {...props} />
      </FormSection>
      <Secrets {...props} />
    </>
  );
}

function Reach(props: StepProps) {
  const { draft, change, errors } = props;
  const url = (placeholder: string) => (
    <Text {...props} member="url" pointer="/transport/url" label="Address" required placeholder={placeholder} hint="Secrets do not belong into it: they have fields of their own below." />
  );
  switch (draft.kind) {
    case 'syslog':
      return <Text {...props} member="address" pointer="/transport/address" label="Address" required placeholder="siem.example.com:6514" hint="host:port" />;
    case 'splunk_hec':
      return (
        <>
          {url('https://splunk.example.com:8088')}
          <Text {...props} member="index" pointer="/transport/index" label="Index" hint="Only where it is not the token's own." />
          <Checkbox
            id={fieldId('/transport/acknowledge')}
            label="Wait until the indexers have acknowledged"
            description="The token must have acknowledgement enabled."
            isChecked={draft.acknowledge}
            onChange={(_event, acknowledge) => change({ acknowledge })}
          />
        </>
      );
    case 'elasticsearch':
      return (
        <>
          {url('https://elastic.example.com:9200')}
          <Text {...props} member="index" pointer="/transport/index" label="Index or data stream" required placeholder="logs-clustermaster" />
        </>
      );
    case 'webhook':
      return url('https://events.example.com/clustermaster');
    case 'file':
      return (
        <>
          <Text {...props} member="file" pointer="/transport/name" label="File name" required placeholder="audit.log" hint="Below the hub's folder of exports, in that of your tenant." />
          <Text {...props} member="mebibytes" pointer="/transport/max_bytes" label="The next file begins at (MiB)" required digits />
          <Text {...props} member="keep" pointer="/transport/keep" label="Full files kept" required digits hint="0 keeps all; else the oldest are removed." />
        </>
      );
    case 'kafka':
      return (
        <>
          <Text {...props} member="brokers" pointer="/transport/brokers" label="Brokers" required placeholder="kafka-1.example.com:9093, kafka-2.example.com:9093" hint="host:port, separated by commas" />
          <Text {...props} member="topic" pointer="/transport/topic" label="Topic" required placeholder="clustermaster" />
          <FormGroup label="Signs in by" fieldId={fieldId('/transport/sasl')}>
            <select
              id={fieldId('/transport/sasl')}
              className="cm-select"
              aria-describedby={`${fieldId('/transport/sasl')}-about`}
              value={draft.sasl}
              onChange={(event) => change({ sasl: event.target.value as Draft['sasl'] })}
            >
              <option value="">Nothing</option>
              <option value="PLAIN">SASL PLAIN</option>
              <option value="SCRAM-SHA-256">SASL SCRAM-SHA-256</option>
              <option value="SCRAM-SHA-512">SASL SCRAM-SHA-512</option>
            </select>
            <Help id={fieldId('/transport/sasl')} error={errors['/transport/sasl']} />
          </FormGroup>
        </>
      );
  }
}

function Tls(props: StepProps) {
  const { draft, change } = props;
  if (draft.kind === 'file') return null;
  const chosen = draft.kind === 'syslog' || draft.kind === 'kafka';
  return (
    <>
      {chosen && (
        <Checkbox
          id={fieldId('/transport/tls')}
          label="TLS"
          description={draft.tls ? 'Everything travels encrypted, to a side whose certificate is checked.' : 'Events travel in the clear. The hub refuses to send so unless it was started to allow it.'}
          isChecked={draft.tls}
          onChange={(_event, tls) => change({ tls })}
        />
      )}
      {(!chosen || draft.tls) && (
        <>
          <Text
            {...props}
            member="ca"
            pointer="/transport/tls/ca"
            label="Certificate authorities"
            lines={4}
            placeholder="-----BEGIN CERTIFICATE-----"
            hint="PEM. Left out, those of the hub's machine are trusted."
          />
          {draft.kind !== 'kafka' && (
            <Text {...props} member="serverName" pointer="/transport/tls/server_name" label="Name in the certificate" hint="Only where it is not the host's." />
          )}
        </>
      )}
    </>
  );
}

const ONCE = 'It goes to the vault and is never shown again.';

function Secrets(props: StepProps) {
  const { draft, change, errors } = props;
  const elastic = draft.kind === 'elasticsearch';
  const login = (elastic && draft.signIn === 'password') || (draft.kind === 'kafka' && draft.sasl !== '');
  const token = draft.kind === 'splunk_hec' || (elastic && draft.signIn === 'token');
  if (!elastic && !login && !token && draft.kind !== 'webhook') return null;
  return (
    <FormSection title="What it signs in with" titleElement="h3">
      {elastic && (
        <FormGroup role="radiogroup" label="Sign in" fieldId={`${fieldId('/credentials')}-way`}>
          {(
            [
              ['none', 'Without'],
              ['token', 'With an API key'],
              ['password', 'With user name and password'],
            ] as const
          ).map(([way, label]) => (
            <Radio key={way} id={`${fieldId('/credentials')}-way-${way}`} name="cm-export-sign-in" label={label} isChecked={draft.signIn === way} onChange={() => change({ signIn: way })} />
          ))}
        </FormGroup>
      )}
      {token && <Text {...props} member="token" pointer="/credentials/token" label={elastic ? 'API key, encoded' : 'Token'} required secret hint={ONCE} />}
      {login && (
        <>
          <Text {...props} member="username" pointer="/credentials/username" label="User name" required hint={ONCE} />
          <Text {...props} member="password" pointer="/credentials/password" label="Password" required secret hint={ONCE} />
        </>
      )}
      {draft.kind === 'webhook' && (
        <Text
          {...props}
          member="signingKey"
          pointer="/credentials/signing_key"
          label="Signing key"
          required
          secret
          hint={`24 to 64 bytes in base64, usually behind whsec_. ${ONCE} Your service checks the signatures with the same key.`}
        />
      )}
      <Help id={fieldId('/credentials')} error={errors['/credentials']} />
    </FormSection>
  );
}
