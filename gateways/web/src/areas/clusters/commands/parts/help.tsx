/** Texts to copy, and the way to credentials that the hub takes. */
import { Button, CodeBlock, CodeBlockAction, CodeBlockCode, ExpandableSection } from '@patternfly/react-core';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import { useRef } from 'react';

import { useCopy } from '../../../../kit/copy';
import { CLUSTER_ROLE, MAKE_KUBECONFIG, SERVICE_ACCOUNT } from '../access';

export function Copyable({ text, label }: { text: string; label: string }) {
  const shown = useRef<HTMLDivElement>(null);
  const { copy, done } = useCopy(text, shown);
  return (
    <CodeBlock
      className="cm-space-below"
      actions={
        <CodeBlockAction>
          <Button variant="link" isInline icon={<CopyIcon />} onClick={copy}>
            {done === 'copied' ? 'Copied' : done === 'selected' ? 'Selected: copy it with the keyboard' : `Copy ${label}`}
          </Button>
        </CodeBlockAction>
      }
    >
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region has to be reached */}
      <div ref={shown} className="cm-scroll" tabIndex={0} role="region" aria-label={label}>
        <CodeBlockCode>{text}</CodeBlockCode>
      </div>
    </CodeBlock>
  );
}

/** For kubeconfigs that run a program (those of EKS, GKE and AKS do), and for whoever wants to grant no more than is needed. */
export function MakeCredentials() {
  return (
    <ExpandableSection toggleText="How to make a kubeconfig for the hub" className="cm-space-above cm-clusters-help">
      <p>Save this as clustermaster.yaml. It makes a service account that may read what the hub looks at, and nothing else.</p>
      <Copyable text={SERVICE_ACCOUNT} label="clustermaster.yaml" />
      <p>Then run these, signed in to the cluster as somebody who may do this. hub.kubeconfig is what the hub wants.</p>
      <Copyable text={MAKE_KUBECONFIG} label="the commands" />
    </ExpandableSection>
  );
}

export function GrantAccess() {
  return (
    <>
      <p>Apply this role, and bind it to the account of the kubeconfig by a ClusterRoleBinding:</p>
      <Copyable text={CLUSTER_ROLE} label="the ClusterRole" />
    </>
  );
}
