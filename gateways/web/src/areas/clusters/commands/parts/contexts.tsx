/** Which context of the kubeconfig. */
import { Alert, Label, List, ListItem, Radio, SearchInput, Title } from '@patternfly/react-core';
import { useId, useState } from 'react';

import { count } from '../../../../kit/words';
import { type Context, refused, shown } from '../kubeconfig';
import { MakeCredentials } from './help';
import { troubleText } from './kubeconfig';

/** So many are listed at once; beyond, one has to search. */
const LISTED = 50;
const SEARCHED = 8;

export function ContextChoice({
  contexts,
  current,
  chosen,
  missing,
  choose,
  headingLevel,
}: {
  contexts: readonly Context[];
  current: string | undefined;
  chosen: string | undefined;
  missing: boolean;
  choose: (name: string) => void;
  headingLevel: 'h2' | 'h3';
}) {
  const id = useId();
  const [wanted, setWanted] = useState('');
  const words = wanted.toLowerCase();
  const found = contexts.filter(
    ({ name, server, cluster }) => words === '' || `${name}\n${server}\n${cluster}`.toLowerCase().includes(words),
  );
  // What is chosen stays in sight.
  const listed = [...found].sort((one, other) => Number(other.name === chosen) - Number(one.name === chosen)).slice(0, LISTED);
  const context = contexts.find(({ name }) => name === chosen);
  return (
    <section aria-labelledby={`${id}-title`}>
      <Title id={`${id}-title`} headingLevel={headingLevel} size="md" className="cm-space-below">
        Context
      </Title>
      {contexts.length > SEARCHED && (
        <SearchInput
          aria-label="Search the contexts"
          placeholder="Search the contexts"
          value={wanted}
          onChange={(_event, text) => setWanted(text)}
          onClear={() => setWanted('')}
          className="cm-space-below"
        />
      )}
      <div role="radiogroup" aria-labelledby={`${id}-title`} className="cm-clusters-contexts">
        {listed.map((one, nth) => (
          <Radio
            key={one.name}
            id={`${id}-${nth}`}
            name={`${id}-context`}
            isChecked={one.name === chosen}
            onChange={() => choose(one.name)}
            label={<span className="cm-breaks">{shown(one.name)}</span>}
            description={
              <span className="cm-breaks">
                {shown(one.server) || 'no address'} · user {shown(one.user) || 'none'}{' '}
                {one.name === current && (
                  <Label isCompact variant="outline">
                    current
                  </Label>
                )}{' '}
                {refused(one) && (
                  <Label isCompact status="danger" variant="outline">
                    refused by the hub
                  </Label>
                )}
              </span>
            }
          />
        ))}
      </div>
      <p className="cm-subtle" aria-live="polite">
        {found.length === 0
          ? 'No context fits.'
          : found.length > LISTED
            ? `${count(LISTED)} of ${count(found.length)} are shown: search for the one that is meant.`
            : ''}
      </p>
      {missing && !context && (
        <Alert isInline isPlain component="p" variant="danger" title="Choose a context." className="cm-space-above" />
      )}
      {context && context.troubles.length > 0 && <Troubles context={context} headingLevel={headingLevel} />}
    </section>
  );
}

function Troubles({ context, headingLevel }: { context: Context; headingLevel: 'h2' | 'h3' }) {
  const hard = refused(context);
  return (
    <Alert
      isInline
      component={headingLevel === 'h2' ? 'h3' : 'h4'}
      variant={hard ? 'danger' : 'warning'}
      title={hard ? 'The hub refuses this context' : 'The hub refuses this context unless its settings allow it'}
      className="cm-space-above"
    >
      <List>
        {context.troubles.map((trouble) => (
          <ListItem key={trouble.member}>
            {troubleText(trouble)}
            {trouble.setting && (
              <>
                {' '}
                The hub’s setting that allows it: <code>{trouble.setting}</code>.
              </>
            )}
          </ListItem>
        ))}
      </List>
      {hard && <MakeCredentials />}
    </Alert>
  );
}
