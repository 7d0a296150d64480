/** One export: how it is doing, what it sends, and what can be done to it. */
import { Alert, Button } from '@patternfly/react-core';
import { type ReactNode, useState } from 'react';
import { Link, useParams } from 'react-router';

import { useMay } from '../../../app/me';
import { ButtonLink, Frame, Hidden, When } from '../../../kit/parts';
import { Who } from '../../../kit/people';
import { useMoment } from '../../../kit/past';
import { Answered } from '../../../kit/states';
import { Terms } from '../../../kit/terms';
import { at, count, word } from '../../../kit/words';
import { type Export, useExport } from '../queries';
import { ActionDialog, type Ask } from './actions';
import { addressOf, ExportStatus, FORMATS, kindWord, Known, spell, verdict } from './words';

export function ExportPage() {
  const { id = '' } = useParams();
  const { asOf } = useMoment();
  const query = useExport(id, asOf);
  const one = query.data;
  return (
    <Frame
      title={one?.name ?? 'Export'}
      about={
        one && (
          <>
            <ExportStatus status={one.status} /> {FORMATS[one.format]} to {kindWord(one.transport)} <code className="cm-breaks">{addressOf(one.transport)}</code>
          </>
        )
      }
      actions={one && asOf === undefined && <Actions one={one} />}
    >
      <Answered query={query} what="The export" back={<ButtonLink to="/exports" variant="link">To the exports</ButtonLink>}>
        {(found) => (
          <>
            {asOf === undefined ? <Doing one={found} /> : <p className="cm-space-below">Of the past only what was asked for is known, not how it went.</p>}
            <Asked one={found} />
          </>
        )}
      </Answered>
    </Frame>
  );
}

function Actions({ one }: { one: Export }) {
  const may = useMay('exports:manage');
  const [ask, setAsk] = useState<Ask | undefined>();
  // Deleted by this very dialog it still has to close by itself.
  if (!may || (one.status === 'deleted' && !ask)) return null;
  const button = (what: Ask, label: string, variant: 'primary' | 'secondary' | 'danger' = 'secondary') => (
    <Button variant={variant} onClick={() => setAsk(what)}>
      {label}
    </Button>
  );
  return (
    <>
      {one.status === 'paused' ? button('resume', 'Resume', 'primary') : button('pause', 'Pause')}
      {button('replay', 'Replay')}
      {button('test', 'Test')}
      {button('delete', 'Delete', 'danger')}
      {ask && <ActionDialog one={one} ask={ask} close={() => setAsk(undefined)} />}
    </>
  );
}

const VARIANTS = { well: 'success', behind: 'info', failing: 'danger', paused: 'warning', unknown: 'info', deleted: 'info' } as const;

function Doing({ one }: { one: Export }) {
  const { kind, sentence } = verdict(one);
  const failing = (one.failures ?? 0) > 0;
  return (
    <section aria-labelledby="cm-exports-doing">
      <h2 id="cm-exports-doing" className="cm-heading">
        How it is doing
      </h2>
      <Alert isInline component="p" variant={VARIANTS[kind]} title={sentence}>
        {one.last_error && (
          <div>
            {kind === 'failing' ? 'It says' : failing ? 'The last error' : 'The last error, since overcome'}: {one.last_error.message} (<When time={one.last_error.at} />, {at(one.last_error.at)})
          </div>
        )}
      </Alert>
      {one.status !== 'deleted' && (
        <dl className="cm-exports-tiles">
          <Tile title="Events behind">
            <Known value={one.lag_events} />
          </Tile>
          <Tile title="Time behind">
            <Known value={one.lag_seconds} unit={spell} />
          </Tile>
          <Tile title="Delivered">
            <Known value={one.delivered} />
          </Tile>
          <Tile title="Last delivered">
            <When time={one.last_delivered_at} />
          </Tile>
          <Tile title="Failures in a row">
            <Known value={one.failures} />
          </Tile>
          <Tile title="Cursor">
            <Known value={one.cursor} />
          </Tile>
          <Tile title="Dead letters">
            <Link to={`/exports/${one.id}/dead-letters`}>
              <Known value={one.dead_letters} /> <Hidden>dead letters</Hidden>
            </Link>
          </Tile>
        </dl>
      )}
    </section>
  );
}

function Tile({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="cm-exports-tile">
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Asked({ one }: { one: Export }) {
  const { transport, filter } = one;
  const list = (values: string[] | null | undefined) => (values && values.length > 0 ? values.join(', ') : 'all');
  const rows: [string, ReactNode][] = [
    ['Goes to', `${kindWord(transport)}, ${addressOf(transport)}`],
    ...details(one),
    ['Format', FORMATS[one.format]],
    ['Commands', list(filter.actions)],
    ['Kinds of targets', list(filter.target_types)],
    ['Outcomes', list(filter.outcomes?.map(word))],
    ['Begins at position', count(one.starts_at)],
    ['Secrets', one.credentials_fingerprint ? <>kept in the vault; fingerprint <code>{one.credentials_fingerprint}</code></> : 'none'],
    ['Created', <>{at(one.created_at)} by <Who actor={one.created_by} /></>],
    ['Changed', <>{at(one.updated_at)} by <Who actor={one.updated_by} /></>],
    ['Id', <code>{one.id}</code>],
  ];
  return (
    <section aria-labelledby="cm-exports-asked">
      <h2 id="cm-exports-asked" className="cm-heading">
        What it sends
      </h2>
      <Terms rows={rows} isHorizontal />
      <p className="cm-space-above">
        <ButtonLink variant="link" to={`/audit?target=${one.id}`}>
          What was done to it, in the audit log
        </ButtonLink>
      </p>
    </section>
  );
}

function details({ transport }: Export): [string, ReactNode][] {
  const said: [string, ReactNode][] = [];
  if ('index' in transport && transport.index) said.push(['Index', transport.index]);
  if (transport.kind === 'splunk_hec') said.push(['Indexers acknowledge', transport.acknowledge ? 'yes' : 'no']);
  if (transport.kind === 'kafka') said.push(['Topic', transport.topic], ['Signs in by', transport.sasl ?? 'nothing']);
  if (transport.kind === 'file') {
    said.push(['A full file has', `${count(transport.max_bytes)} bytes`], ['Full files kept', transport.keep === 0 ? 'all' : count(transport.keep)]);
    return said;
  }
  const clear = 'url' in transport ? transport.url.startsWith('http://') : !transport.tls;
  const authorities = transport.tls?.ca ? 'its own authorities' : "the hub's authorities";
  const name = transport.tls?.server_name ? `, for the name ${transport.tls.server_name}` : '';
  said.push(['TLS', clear ? 'none: in the clear' : `checked against ${authorities}${name}`]);
  return said;
}
