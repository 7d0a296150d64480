/** The kubeconfig: pasted, dropped or chosen, read here in the browser, and not shown again. */
import { Alert, Button, FileUpload, FormGroup, FormHelperText, HelperText, HelperTextItem } from '@patternfly/react-core';
import { useId, useRef, useState } from 'react';

import { count } from '../../../../kit/words';
import { Kept } from '../kept';
import { LARGEST, type Reading, readKubeconfig, shown, type Trouble } from '../kubeconfig';
import { ContextChoice } from './contexts';
import { MakeCredentials } from './help';

export interface Chosen {
  kept: Kept;
  reading: Reading;
  /** Where it came from: a file's name. */
  source: string;
  context: string | undefined;
}

/** The context that is chosen without being asked for: the current one, or the only one. */
function preselected(reading: Reading): string | undefined {
  return reading.current ?? (reading.contexts.length === 1 ? reading.contexts[0]?.name : undefined);
}

export function KubeconfigPart({
  id,
  chosen,
  change,
  typing,
  missing,
  error,
  headingLevel,
}: {
  id: string;
  chosen: Chosen | undefined;
  change: (chosen: Chosen | undefined) => void;
  /** Something stands in the field that has not been taken. */
  typing?: (typing: boolean) => void;
  /** One was asked for, and there is none. */
  missing: boolean;
  /** What the API says of it. */
  error: string | undefined;
  headingLevel: 'h2' | 'h3';
}) {
  return chosen ? (
    <>
      <Alert
        isInline
        component={headingLevel}
        variant={error ? 'danger' : 'success'}
        title={error ? 'The hub refuses this kubeconfig' : `${shown(chosen.source)} was read`}
        className="cm-space-below"
        actionLinks={
          <Button
            id={id}
            variant="link"
            isInline
            onClick={() => {
              chosen.kept.wipe();
              change(undefined);
            }}
          >
            Use another one
          </Button>
        }
      >
        {error ??
          `${count(chosen.reading.bytes)} bytes, ${contexts(chosen.reading.contexts.length)}. It stays in this page’s memory until it is sent, and is not shown again.`}
      </Alert>
      <ContextChoice
        contexts={chosen.reading.contexts}
        current={chosen.reading.current}
        chosen={chosen.context}
        missing={missing}
        headingLevel={headingLevel}
        choose={(context) => change({ ...chosen, context })}
      />
    </>
  ) : (
    <Intake
      id={id}
      missing={missing}
      {...(typing ? { typing } : {})}
      read={(kept, reading, source) => change({ kept, reading, source, context: preselected(reading) })}
    />
  );
}

const contexts = (many: number) => (many === 1 ? '1 context' : `${count(many)} contexts`);

function Intake({
  id,
  missing,
  typing,
  read,
}: {
  id: string;
  missing: boolean;
  typing?: (typing: boolean) => void;
  read: (kept: Kept, reading: Reading, source: string) => void;
}) {
  const [text, setText] = useState('');
  const [file, setFile] = useState('');
  const [trouble, setTrouble] = useState<Trouble>();
  const pasted = useRef(false);
  // The file is read by the time when this part may have been drawn again.
  const reading = useRef('');
  const help = `${useId()}-help`;
  const take = (source: string, from: string) => {
    const { reading, trouble } = readKubeconfig(source);
    if (!reading) return setTrouble(trouble);
    typing?.(false);
    read(new Kept(source), reading, from);
  };
  const write = (next: string) => {
    setText(next);
    setTrouble(undefined);
    typing?.(next !== '');
    if (pasted.current) take(next, 'The kubeconfig');
    pasted.current = false;
  };
  return (
    <>
      <FormGroup label="Kubeconfig" isRequired fieldId={id}>
        <FileUpload
          className="cm-clusters-upload"
          id={id}
          type="text"
          value={text}
          filename={file}
          aria-label="Kubeconfig"
          aria-describedby={help}
          filenameAriaLabel="Chosen file"
          filenamePlaceholder="Drop a file here, or choose one"
          browseButtonText="Choose a file"
          textAreaPlaceholder="Or paste it here"
          spellCheck={false}
          validated={trouble || missing ? 'error' : 'default'}
          onPaste={() => {
            pasted.current = true;
          }}
          onTextChange={(_event, next) => write(next)}
          onTextAreaBlur={() => text !== '' && take(text, 'The kubeconfig')}
          onDataChange={(_event, data) => take(data, reading.current || 'The file')}
          onClearClick={() => {
            setFile('');
            write('');
          }}
          onReadFailed={() => setTrouble({ member: '', rule: 'The browser could not read this file.' })}
          dropzoneProps={{
            maxSize: LARGEST,
            onDropAccepted: ([one]) => {
              setText('');
              setTrouble(undefined);
              reading.current = one?.name ?? '';
              setFile(reading.current);
            },
            onDropRejected: ([rejected]) => {
              setText('');
              setFile(rejected?.file.name ?? '');
              const large = rejected?.errors.some((error) => error.code === 'file-too-large');
              setTrouble({
                member: '',
                rule: large ? 'It is larger than 1 MiB: this is no kubeconfig that the hub takes.' : 'One file at a time can be read.',
              });
            },
          }}
        />
        <FormHelperText>
          <HelperText id={help} isLiveRegion>
            {trouble ? (
              <HelperTextItem variant="error">{troubleText(trouble)}</HelperTextItem>
            ) : missing ? (
              <HelperTextItem variant="error">A kubeconfig is needed.</HelperTextItem>
            ) : (
              <HelperTextItem>
                YAML or JSON, at most 1 MiB, with all data inline. It is read in this browser, and sent to the hub when it is tested or
                imported.
              </HelperTextItem>
            )}
          </HelperText>
        </FormHelperText>
      </FormGroup>
      <MakeCredentials />
    </>
  );
}

export function troubleText({ line, member, rule }: Trouble): string {
  const where = [line === undefined ? '' : `Line ${line}`, member].filter(Boolean).join(', ');
  return where ? `${where}: ${rule}` : rule;
}
