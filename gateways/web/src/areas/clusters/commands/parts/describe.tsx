/** What the cluster is called, and where it runs. */
import { Form, FormGroup, Radio } from '@patternfly/react-core';

import { Fault } from '../../../../kit/fault';
import { WhyFields } from '../../../../kit/command';
import { PROVIDERS } from '../../../../kit/words';
import type { Draft } from '../draft';
import type { Provider } from '../queries';
import { nameRule, regionRule } from '../rules';
import { TextField } from './fields';
import { LabelsPart } from './labels';

export function Describe({
  draft,
  change,
  asked,
  told,
}: {
  draft: Draft;
  change: (draft: Draft, pointer?: string) => void;
  asked: boolean;
  told: Partial<Record<string, string>>;
}) {
  // What is not written yet is no error until somebody wants to go on.
  const broken = (text: string, rule: (text: string) => string | undefined) => (text !== '' || asked ? rule(text) : undefined);
  const provider = told['/provider'] ?? (asked && draft.provider === '' ? 'Choose one.' : undefined);
  return (
    <Form onSubmit={(event) => event.preventDefault()}>
      <TextField
        id="import-name"
        label="Name"
        value={draft.name}
        error={told['/name'] ?? broken(draft.name, nameRule)}
        help="No other managed cluster has it. 1 to 63 characters of a-z, 0-9 and -."
        change={(name) => change({ ...draft, name, own: { ...draft.own, name: true } }, '/name')}
      />
      <FormGroup role="radiogroup" label="Provider" isRequired fieldId="import-provider">
        <div className="cm-clusters-choice">
          {Object.entries(PROVIDERS).map(([code, title], nth) => (
            <Radio
              key={code}
              id={nth === 0 ? 'import-provider' : `import-provider-${code}`}
              name="import-provider"
              label={title}
              isChecked={draft.provider === code}
              onChange={() => change({ ...draft, provider: code as Provider, own: { ...draft.own, provider: true } }, '/provider')}
            />
          ))}
        </div>
        <Fault text={provider} />
      </FormGroup>
      <TextField
        id="import-region"
        label="Region"
        placeholder="us-west-2"
        value={draft.region}
        error={told['/region'] ?? broken(draft.region, regionRule)}
        help="The provider’s region, or the name of the site."
        change={(region) => change({ ...draft, region, own: { ...draft.own, region: true } }, '/region')}
      />
      <LabelsPart
        id="import-labels"
        rows={draft.labels}
        error={told['/labels']}
        change={(labels) => change({ ...draft, labels }, '/labels')}
      />
      <WhyFields why={draft.why} change={(why) => change({ ...draft, why })} />
    </Form>
  );
}
