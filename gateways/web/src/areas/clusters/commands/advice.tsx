/** What to do about a check that did not pass. */
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import { GrantAccess, MakeCredentials } from './parts/help';
import type { Check } from './queries';

/** A check, or a failure of the import itself: they have the same codes. */
type Said = Pick<Check, 'code' | 'message'>;

const setting = (name: string) => (
  <p>
    The hub’s setting that decides: <code>{name}</code>. Whoever runs the hub can change it.
  </p>
);

function address(message: string): ReactNode {
  if (message.includes("hub's own machine")) {
    return (
      <>
        <p>
          This address is the hub’s own machine, and this hub does not speak to it. Use the address under which the cluster is reached from
          elsewhere.
        </p>
        {setting('CLUSTERMASTER_KUBERNETES_FORBID_LOOPBACK')}
      </>
    );
  }
  if (message.includes('https://:')) {
    return (
      <>
        <p>Give the API server a certificate, and use its https:// address.</p>
        {setting('CLUSTERMASTER_KUBERNETES_ALLOW_PLAINTEXT')}
      </>
    );
  }
  return (
    <p>
      Link-local addresses and the metadata services of clouds are never spoken to; no setting changes that. Private addresses are allowed.
      Mend the server’s address in the kubeconfig.
    </p>
  );
}

function kubeconfig(message: string): ReactNode {
  if (message.includes('insecure-skip-tls-verify')) {
    return (
      <>
        <p>Put the certificate authority into the kubeconfig (certificate-authority-data) in place of skipping the verification.</p>
        {setting('CLUSTERMASTER_KUBERNETES_ALLOW_INSECURE_TLS')}
      </>
    );
  }
  return (
    <>
      <p>Mend the member that is named, or make a kubeconfig for the hub.</p>
      <MakeCredentials />
    </>
  );
}

const BY_CODE: Record<string, (check: Said) => ReactNode> = {
  'kubeconfig-invalid': ({ message }) => kubeconfig(message),
  'credentials-unusable': ({ message }) => kubeconfig(message),
  'address-refused': ({ message }) => address(message),
  'name-not-resolved': () => (
    <p>
      The name has to be known where the hub runs: check it for typing errors, and check the hub’s DNS. An IP address in its place works if
      the certificate names it (or by tls-server-name).
    </p>
  ),
  'connection-refused': () => (
    <p>
      Check the port of the server, and that the API server runs. Is the address the one of a tunnel on your own machine? Then the hub
      cannot use it.
    </p>
  ),
  'network-unreachable': () => (
    <p>There is no route from the hub to this address. Private networks need a VPN, peering, or a hub on the inside.</p>
  ),
  'deadline-exceeded': () => (
    <p>Mostly a firewall that drops packets: let the hub’s address through to the API server (its authorised networks, security groups).</p>
  ),
  'connection-lost': () => <p>Something on the way closed the connection: a firewall, a proxy or a load balancer. Test again.</p>,
  'certificate-invalid': () => (
    <p>Use the cluster’s own certificate-authority-data, and an address that its certificate names; tls-server-name says another name.</p>
  ),
  'certificate-expired': () => <p>Renew the API server’s certificate (kubeadm certs renew apiserver), then test again.</p>,
  'no-certificate-authority': () => (
    <p>Put certificate-authority-data into the kubeconfig: the hub’s machine knows no authorities of its own.</p>
  ),
  'tls-failed': () => (
    <p>
      What listens there does not speak TLS as the hub does (1.2 or newer). Check the port; an API server mostly listens on 6443 or 443.
    </p>
  ),
  unauthorized: () => (
    <>
      <p>The token or certificate has expired, was withdrawn, or belongs to another cluster. Make new credentials.</p>
      <MakeCredentials />
    </>
  ),
  'not-kubernetes': () => (
    <p>Something else answers there, such as a login page or a load balancer. Use the address of the API server itself.</p>
  ),
  'server-error': () => <p>The cluster’s control plane is in trouble itself: look at its API server and etcd, then test again.</p>,
  'server-busy': () => <p>The API server asks for fewer requests. Wait a moment, then test again.</p>,
  'permission-missing': () => <GrantAccess />,
  forbidden: () => <GrantAccess />,
  'already-managed': ({ message }) => {
    const id = /cluster_[0-9a-z]{26}/.exec(message)?.[0];
    return (
      <p>
        One cluster under two names would be counted twice. Change the credentials of the one that is named in place of importing it again
        {id === undefined ? '.' : ': '}
        {id !== undefined && <Link to={`/clusters/${id}`}>open it</Link>}
      </p>
    );
  },
  'another-cluster': () => (
    <p>These credentials lead to another cluster; the hub will not take them for this one. Choose another context or kubeconfig.</p>
  ),
};

export function Advice({ check }: { check: Said }) {
  return check.code === null ? null : <>{BY_CODE[check.code]?.(check)}</>;
}

/** What an import would come to although its test failed, or came to no end. */
export function foresight(failed: Check | undefined): string {
  if (!failed) return 'The import is recorded first, and then tried. A cluster that does not let the hub in stands as “Import failed”, and the hub tries again by itself.';
  if (failed.name === 'identity') return 'The import would be accepted, and the same cluster managed twice, under two ids.';
  return 'The import would be accepted and recorded. The cluster would stand as “Import failed” with this reason, and the hub would try again by itself until it succeeds, or until you change its credentials or decommission it.';
}
