/** What goes out: the format, the filter, and from where on. */
import { Checkbox, FormGroup, Radio } from '@patternfly/react-core';

import { word } from '../../../kit/words';
import { FORMATS } from '../parts/words';
import type { Format } from '../queries';
import type { Draft } from './draft';
import { ABOUT } from './formats';
import { Help, type StepProps, Text } from './parts';
import { fieldId } from './rules';

const STARTS: Record<Draft['start'], [string, string]> = {
  now: ['Now', 'What comes after the export itself.'],
  beginning: ['The beginning', 'Every event that was ever recorded, and what comes after.'],
  position: ['A ledger position', 'From that event on.'],
};

export function What(props: StepProps) {
  const { draft, change, errors } = props;
  return (
    <>
      <FormGroup role="radiogroup" label="Format" isRequired fieldId={fieldId('/format')}>
        {(Object.keys(FORMATS) as Format[]).map((format) => (
          <Radio
            key={format}
            // The first is where a field error leads to.
            id={format === 'ocsf' ? fieldId('/format') : `${fieldId('/format')}-${format}`}
            name="cm-export-format"
            label={FORMATS[format]}
            description={ABOUT[format].about}
            isChecked={draft.format === format}
            onChange={() => change({ format })}
          />
        ))}
        <Help id={fieldId('/format')} error={errors['/format']} />
      </FormGroup>
      <div>
        <h3 className="cm-heading">How a refused sign-in looks in {FORMATS[draft.format]}</h3>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region has to be reached */}
        <pre className="cm-exports-sample" tabIndex={0} role="region" aria-label={`Example of ${FORMATS[draft.format]}`}>
          {ABOUT[draft.format].example}
        </pre>
      </div>
      <Text
        {...props}
        member="actions"
        pointer="/filter/actions"
        label="Only these commands"
        lines={2}
        placeholder="cluster.*, user.change"
        hint="Separated by commas or lines: cluster.import, or cluster.* for all of a kind. Empty: all of them."
      />
      <Text {...props} member="targets" pointer="/filter/target_types" label="Only what was done to" placeholder="cluster, user" hint="Kinds of targets: cluster, user, export, tenant. Empty: all of them." />
      <FormGroup role="group" label="Only these outcomes" fieldId={fieldId('/filter/outcomes')}>
        {['succeeded', 'failed', 'refused'].map((outcome, index) => (
          <Checkbox
            key={outcome}
            id={index === 0 ? fieldId('/filter/outcomes') : `${fieldId('/filter/outcomes')}-${outcome}`}
            label={word(outcome)}
            isChecked={draft.outcomes.includes(outcome)}
            onChange={(_event, on) => change({ outcomes: on ? [...draft.outcomes, outcome] : draft.outcomes.filter((one) => one !== outcome) })}
          />
        ))}
        <Help id={fieldId('/filter/outcomes')} error={errors['/filter/outcomes']} hint="None chosen: all of them." />
      </FormGroup>
      <FormGroup role="radiogroup" label="From where on" fieldId={`${fieldId('/starts_at')}-word`}>
        {(Object.keys(STARTS) as Draft['start'][]).map((start) => (
          <Radio
            key={start}
            id={`${fieldId('/starts_at')}-${start}`}
            name="cm-export-start"
            label={STARTS[start][0]}
            description={STARTS[start][1]}
            isChecked={draft.start === start}
            onChange={() => change({ start })}
          />
        ))}
      </FormGroup>
      {draft.start === 'position' && <Text {...props} member="position" pointer="/starts_at" label="Position" required digits />}
    </>
  );
}
